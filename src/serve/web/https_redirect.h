// What a transport with `"redirect": "https"` answers: 308 (RFC 9110 section 15.4.9) to the same address over TLS.
#pragma once
#include <string>

#include "serve/http.h"
#include "serve/https_hosts.h"
#include "serve/transport_config.h"

namespace transom::serve {

/// Sends on only to names that this node answers for: a redirect to whatever the request names would lend the site's
/// good name to anybody's links.
class HttpsRedirect final : public WebService {
 public:
  /// `hosts` outlives it.
  HttpsRedirect(HttpsRedirectConfig config, std::string worker_id, const HttpsHosts& hosts)
      : config_(std::move(config)), worker_id_(std::move(worker_id)), hosts_(hosts) {}
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  std::optional<std::uint16_t> port_of(const std::string& host) const;

  const HttpsRedirectConfig config_;
  const std::string worker_id_;
  const HttpsHosts& hosts_;
};

}  // namespace transom::serve
