// Which host names the node serves over TLS, and on which port: what a redirect from plain HTTP must know.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::serve {

class Listener;

/// The host of a Host field as certificates name it: lower case, without port, brackets and final dot. Empty when the
/// field is none.
std::string host_of_field(std::string_view field);

/// Whether a name of a certificate or of `redirect_hosts` stands for `host`: the same name, the same IP address, or
/// "*.example.com" for one more label (RFC 6125 section 6.4.3).
bool name_covers(std::string_view name, std::string_view host);

class HttpsHosts {
 public:
  virtual ~HttpsHosts() = default;
  /// The port of the TLS web transport that serves `host` best, from the point of view of a worker. `known`: the host
  /// was named in the configuration, so that a certificate with its name is preferred, not needed. Any thread.
  virtual std::optional<std::uint16_t> port_of(std::string_view host, std::string_view worker_id, bool known) const = 0;
};

/// Asks the certificates that the listeners serve at the moment, so that a reload counts at once.
class ListenerHosts final : public HttpsHosts {
 public:
  /// `listeners` outlives it and is complete before the first question.
  explicit ListenerHosts(const std::vector<std::unique_ptr<Listener>>& listeners) : listeners_(listeners) {}
  std::optional<std::uint16_t> port_of(std::string_view host, std::string_view worker_id, bool known) const override;

 private:
  const std::vector<std::unique_ptr<Listener>>& listeners_;
};

}  // namespace transom::serve
