#include "node/authority/responder.h"

#include <ctime>

#include "base/log.h"
#include "pki/authority_ocsp.h"

namespace transom::node {

struct AuthorityResponder::State {
  AuthorityStore store;
  std::shared_ptr<const pki::SigningPair> issuer;
  std::int64_t valid_s;
};

namespace {

/// Answers are small and a revocation must not hide behind a cache; staples are kept by the servers that staple.
std::vector<serve::Header> headers_of(const char* type) {
  return {{"Content-Type", type}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
}

}  // namespace

AuthorityResponder::AuthorityResponder(AuthorityStore store, std::shared_ptr<const pki::SigningPair> issuer,
                                       std::int64_t valid_s)
    : state_(std::make_shared<State>(State{std::move(store), std::move(issuer), valid_s})) {}

void AuthorityResponder::handle(std::shared_ptr<serve::HttpExchange> exchange, std::string_view) {
  const serve::HttpRequest& request = exchange->request();
  if (request.method == "POST") return answer_request(exchange, request.body);
  if (!request.is_get_or_head()) {
    return serve::respond_error(*exchange, 405, "Only GET and POST are served here.", {{"Allow", "GET, HEAD, POST"}});
  }
  if (request.path == "/intermediate.crl" || request.path == "/root.crl") {
    return send_list(exchange, request.path == "/root.crl");
  }
  std::string asked = pki::ocsp_request_in(request.target);
  if (asked.empty()) return serve::respond_not_found(*exchange);
  answer_request(std::move(exchange), std::move(asked));
}

void AuthorityResponder::answer_request(std::shared_ptr<serve::HttpExchange> exchange, std::string request) {
  auto answer = std::make_shared<pki::OcspAnswer>();
  auto work = [state = state_, answer, request = std::move(request)] {
    const auto lookup = [&state](const std::string& serial) { return state->store.state(serial); };
    *answer = pki::answer_ocsp(request, *state->issuer, lookup, std::time(nullptr), state->valid_s);
  };
  serve::HttpExchange& link = *exchange;
  link.offload(std::move(work), [exchange = std::move(exchange), answer] {
    if (!answer->problem.empty()) log_warn("OCSP request of {}: {}", exchange->request().peer, answer->problem);
    exchange->respond(200, headers_of("application/ocsp-response"), std::move(answer->der));
  });
}

void AuthorityResponder::send_list(std::shared_ptr<serve::HttpExchange> exchange, bool of_root) {
  auto list = std::make_shared<Result<std::string>>();
  auto work = [state = state_, list, of_root] { *list = state->store.crl(of_root); };
  serve::HttpExchange& link = *exchange;
  link.offload(std::move(work), [exchange = std::move(exchange), list] {
    if (*list) return exchange->respond(200, headers_of("application/pkix-crl"), std::move(**list));
    log_error("{}", list->error().message);
    serve::respond_error(*exchange, 500, "The list cannot be read.");
  });
}

}  // namespace transom::node
