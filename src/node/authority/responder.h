// What an authority publishes by HTTP: answers to OCSP requests, and its revocation lists.
#pragma once
#include <memory>
#include <string>

#include "node/authority/store.h"
#include "serve/http.h"

namespace transom::node {

/// POST anywhere, and GET /BASE64, are OCSP requests (RFC 6960, appendix A); GET /intermediate.crl and /root.crl give
/// the lists. Everything is read anew for each request, so that a revocation counts at once.
class AuthorityResponder final : public serve::WebService {
 public:
  /// `valid_s`: for how long an answer may be kept, e.g. as a staple.
  AuthorityResponder(AuthorityStore store, std::shared_ptr<const pki::SigningPair> issuer, std::int64_t valid_s);
  void handle(std::shared_ptr<serve::HttpExchange> exchange, std::string_view rest) override;

 private:
  struct State;
  void answer_request(std::shared_ptr<serve::HttpExchange> exchange, std::string request);
  void send_list(std::shared_ptr<serve::HttpExchange> exchange, bool of_root);

  std::shared_ptr<const State> state_;  // outlives the work that is off the loop
};

}  // namespace transom::node
