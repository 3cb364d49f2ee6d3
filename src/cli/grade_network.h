// The network of `tls grade`: probes, one real connection, and issuers' certificates.
#pragma once
#include <optional>
#include <string>

#include "cli/net_stream.h"
#include "grade/connector.h"
#include "grade/session_facts.h"

namespace transom::cli {

struct GradeTarget {
  std::string host;
  std::uint16_t port = 443;
  std::string server_name;  // what is asked for and expected in the certificate
  Deadline until;           // of the whole scan
};

/// One connection after the other; each has five seconds, all together the time of the target.
class ProbeConnector final : public grade::Connector {
 public:
  static constexpr int kMaxConnections = 250;

  explicit ProbeConnector(const GradeTarget& target) : target_(target) {}
  End exchange(ByteSpan octets, const Taker& take) override;
  std::string error() const override { return error_; }

 private:
  const GradeTarget& target_;
  std::string error_;
  int connections_ = 0;
};

struct LibrarySession {
  grade::SessionFacts facts;
  std::string http_head;  // of the answer to GET /; empty: there was none
};

/// A handshake by the linked library, which may be unable to, and if `with_request` a GET of "/" over it.
Result<LibrarySession> open_session(const GradeTarget& target, grade::WantedKey key, bool anonymous, bool with_request);

/// The certificate behind an http URL that stands in a certificate; nothing if it cannot be had.
std::optional<grade::Octets> fetch_issuer(const std::string& url, Deadline until);

}  // namespace transom::cli
