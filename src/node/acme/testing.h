// A certification authority inside a test: as much of ACME as the orders of one node need, and faults on demand.
#pragma once
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "acme/jws.h"
#include "node/acme/visit.h"
#include "node/files/durable_file.h"
#include "pki/keys.h"
#include "pki/requests.h"
#include "tls/certificate_builder.h"
#include "wire/base64.h"

namespace transom::node::test {

using Json = nlohmann::json;

inline std::string from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return wire::base64_decode(text).value_or("");
}

struct FakeCa {
  explicit FakeCa(std::int64_t start) : now(start) {
    key = std::move(*pki::make_key({}));
    tls::CertificateRequest request;
    request.common_name = "Test authority";
    request.not_before = start - 86'400;
    request.not_after = start + 3650 * 86'400;
    request.extensions = {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign"}};
    root = std::move(*tls::make_certificate(request, key.get(), nullptr, key.get()));
  }

  // What a test sets.
  std::int64_t now;
  std::int64_t lifetime_s = 90 * 86'400;
  bool offers_renewal_info = false;
  Json window;  // what renewalInfo answers
  std::vector<std::string> types = {"http-01", "tls-alpn-01"};
  std::optional<std::vector<std::string>> issues_for;  // instead of the names asked for
  std::function<std::optional<AcmeAnswer>(const AcmeRequest&, const std::string& payload)> fault;

  // What a test looks at.
  std::vector<std::string> requests;  // path and payload
  int accounts = 0, orders = 0, certificates = 0, waits = 0;
  std::string replaces;
  tls::AcmeChallenges answers;
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);

  AcmeWorld world() {
    AcmeWorld world;
    world.connect = [this](const std::string&, std::shared_ptr<const std::atomic<bool>>) -> AcmeExchange {
      return [this](const AcmeRequest& request) { return exchange(request); };
    };
    world.now = [this] { return now; };
    world.wait = [this](std::int64_t ms, const std::atomic<bool>& stopped) {
      ++waits;
      now += ms / 1000;
      return !stopped;
    };
    return world;
  }

  /// How often something was asked for.
  int count(const std::string& beginning) const {
    int found = 0;
    for (const std::string& request : requests) found += request.starts_with(beginning) ? 1 : 0;
    return found;
  }

  static AcmeAnswer problem(const std::string& type, const std::string& detail, long status = 400) {
    return {status, Json{{"type", "urn:ietf:params:acme:error:" + type}, {"detail", detail}}.dump(), "", "", -1};
  }

 private:
  struct Authorization {
    std::string name, status = "pending", failed_type;
  };

  static constexpr const char* kBase = "https://ca.test";

  Result<AcmeAnswer> exchange(const AcmeRequest& request) {
    const Json body = Json::parse(request.body, nullptr, false);
    const bool is_signed = request.method == AcmeRequest::Method::post;
    const std::string payload = is_signed ? from_base64url(body["payload"]) : "";
    const std::string path = request.url.substr(std::string(kBase).size());
    requests.push_back(path + " " + payload);
    AcmeAnswer answer;
    const auto broken = fault ? fault(request, payload) : std::nullopt;
    if (broken && broken->status == 0) return fail("connection refused");
    if (is_signed) {
      head = Json::parse(from_base64url(body["protected"]));
      if (head["nonce"] != nonce()) return fail("the test's server was asked with a nonce that it did not give");
    }
    answer = broken ? *broken : respond(path, payload);
    ++nonces;
    answer.nonce = nonce();
    return answer;
  }

  std::string nonce() const { return "nonce" + std::to_string(nonces); }
  static AcmeAnswer ok(const Json& json) { return {200, json.dump(), "", "", -1}; }

  AcmeAnswer respond(const std::string& path, const std::string& payload) {
    if (path == "/dir") return ok(directory());
    if (path == "/nonce") return {200, "", "", "", -1};
    if (path.starts_with("/renewal/")) return window.is_null() ? problem("malformed", "unknown", 404) : ok(window);
    if (path == "/account") return account();
    if (head.value("kid", "") != account_url()) return problem("accountDoesNotExist", "no such account");
    if (path == "/order") return new_order(Json::parse(payload));
    if (path.starts_with("/authz/")) return ok(authorization(path.back()));
    if (path.starts_with("/challenge/")) return challenge(path);
    if (path == "/finalize") return finalize(Json::parse(payload));
    if (path == "/certificate") return {200, chain, "", "", -1};
    if (path == "/order/" + std::to_string(orders)) return ok(order());
    return problem("malformed", "no such resource", 404);
  }

  Json directory() const {
    Json json = {{"newNonce", "https://ca.test/nonce"},
                 {"newAccount", "https://ca.test/account"},
                 {"newOrder", "https://ca.test/order"}};
    if (offers_renewal_info) json["renewalInfo"] = "https://ca.test/renewal";
    return json;
  }

  std::string account_url() const { return "https://ca.test/account/" + std::to_string(accounts); }

  AcmeAnswer account() {
    const bool known = jwk == head["jwk"];
    jwk = head["jwk"];
    if (!known) ++accounts;
    AcmeAnswer answer = ok({{"status", "valid"}});
    answer.status = known ? 200 : 201;
    answer.location = account_url();
    return answer;
  }

  AcmeAnswer new_order(const Json& asked) {
    ++orders;
    replaces = asked.value("replaces", "");
    authorizations.clear();
    for (const Json& one : asked["identifiers"]) authorizations.push_back({one["value"], "pending", ""});
    chain.clear();
    AcmeAnswer answer = ok(order());
    answer.status = 201;
    answer.location = "https://ca.test/order/" + std::to_string(orders);
    return answer;
  }

  Json order() const {
    bool ready = true, invalid = false;
    Json json = {
        {"finalize", "https://ca.test/finalize"}, {"identifiers", Json::array()}, {"authorizations", Json::array()}};
    for (std::size_t i = 0; i < authorizations.size(); ++i) {
      json["identifiers"].push_back({{"type", "dns"}, {"value", authorizations[i].name}});
      json["authorizations"].push_back("https://ca.test/authz/" + std::to_string(i));
      ready = ready && authorizations[i].status == "valid";
      invalid = invalid || authorizations[i].status == "invalid";
    }
    json["status"] = invalid ? "invalid" : !chain.empty() ? "valid" : ready ? "ready" : "pending";
    if (!chain.empty()) json["certificate"] = "https://ca.test/certificate";
    return json;
  }

  Json authorization(char index) const {
    const Authorization& one = authorizations.at(static_cast<std::size_t>(index - '0'));
    Json json = {
        {"status", one.status}, {"identifier", {{"type", "dns"}, {"value", one.name}}}, {"challenges", Json::array()}};
    for (const std::string& type : types) {
      Json challenge = {{"type", type},
                        {"url", "https://ca.test/challenge/" + type + "/" + index},
                        {"token", token(one)},
                        {"status", "pending"}};
      if (type == one.failed_type) challenge["error"] = Json::parse(problem("unauthorized", "wrong answer").body);
      json["challenges"].push_back(challenge);
    }
    return json;
  }

  static std::string token(const Authorization& one) { return "token-" + std::to_string(one.name.size()); }

  AcmeAnswer challenge(const std::string& path) {
    Authorization& one = authorizations.at(static_cast<std::size_t>(path.back() - '0'));
    const std::string type = path.substr(11, path.size() - 13);
    const std::string expected = token(one) + "." + acme::thumbprint_of(jwk.dump());
    const bool good = type == "http-01" ? answers.http(token(one)) == expected : answers.alpn(one.name) != nullptr;
    one.status = good ? "valid" : "invalid";
    if (!good) one.failed_type = type;
    return ok(Json::object());
  }

  AcmeAnswer finalize(const Json& asked) {
    const auto request = pki::read_request(from_base64url(asked["csr"]), "csr");
    std::string names;
    std::vector<std::string> of;
    for (const auto& one : authorizations) of.push_back(one.name);
    for (const auto& name : issues_for.value_or(of)) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    tls::CertificateRequest made;
    made.common_name = "leaf";
    made.not_before = now - 60;
    made.not_after = made.not_before + lifetime_s;
    made.extensions = {{NID_subject_alt_name, names}};
    const auto leaf = tls::make_certificate(made, X509_REQ_get0_pubkey(request->get()), root.get(), key.get());
    chain = *tls::certificate_pem(leaf->get()) + *tls::certificate_pem(root.get());
    ++certificates;
    return ok(order());
  }

  tls::KeyHandle key;
  tls::CertificateHandle root;
  int nonces = 0;
  Json head, jwk;
  std::vector<Authorization> authorizations;
  std::string chain;
};

}  // namespace transom::node::test
