#include "node/acme/client.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>

#include "acme/advice.h"
#include "acme/requests.h"
#include "base/log.h"
#include "node/files/durable_file.h"
#include "pki/keys.h"

namespace transom::node {
namespace {

using Json = nlohmann::json;

constexpr int kNonceAttempts = 30;  // a test server may refuse every other one
constexpr std::size_t kMaxNonce = 512;

bool succeeded(const AcmeAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

bool cancellable_wait(std::int64_t ms, const std::atomic<bool>& cancelled) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kSlice{50};
  const auto end = Clock::now() + std::chrono::milliseconds(ms);
  while (!cancelled && Clock::now() < end) {
    std::this_thread::sleep_for(std::min<Clock::duration>(kSlice, end - Clock::now()));
  }
  return !cancelled;
}

Status make_private_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail("cannot create {}: {}", path, std::strerror(errno));
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

AcmeWorld real_acme_world() {
  return {make_acme_exchange, [] { return std::time(nullptr); }, cancellable_wait};
}

AcmeClient::AcmeClient(AcmeExchange exchange, tls::AcmeConfig config, AcmeFiles files)
    : exchange_(std::move(exchange)),
      config_(std::move(config)),
      files_(std::move(files)),
      loopback_http_(acme::is_loopback_http(config_.directory_url)) {}

tl::unexpected<AcmeFault> AcmeClient::misunderstood(std::string_view what, const Error& error) const {
  return acme_fail("{}: its answer about {} cannot be understood: {}", config_.directory_url, what, error.message);
}

tl::unexpected<AcmeFault> AcmeClient::refused(std::string_view what, const AcmeAnswer& answer) const {
  const acme::Problem problem = acme::read_problem(answer.body, answer.status);
  const std::string hint = acme::advice(problem);
  return tl::make_unexpected(
      AcmeFault{fmt::format("{}: it refuses {}: \"{}\"{}{}{}", config_.directory_url, what, problem.text,
                            problem.type.empty() ? "" : " (" + problem.type + ")", hint.empty() ? "" : "; ", hint),
                problem.type, answer.retry_after_s});
}

AcmeResult<AcmeAnswer> AcmeClient::exchange(std::string_view what, const AcmeRequest& request) {
  if (out_of_time_ && out_of_time_()) {
    return acme_fail("{}: it is too slow: time was up before {}", config_.directory_url, what);
  }
  auto answer = exchange_(request);
  if (!answer) {
    AcmeFault fault{fmt::format("{}: no answer about {} from {}: {}", config_.directory_url, what, request.url,
                                answer.error().message)};
    fault.unheard = true;
    return tl::make_unexpected(std::move(fault));
  }
  nonce_ = answer->nonce.size() <= kMaxNonce ? answer->nonce : "";
  return std::move(*answer);
}

AcmeStatus AcmeClient::open() {
  if (const auto good = acme::check_url(config_.directory_url, loopback_http_); !good) {
    return acme_fail("{}: {}", config_.directory_url, good.error().message);
  }
  const auto answer = get("its directory", config_.directory_url);
  if (!answer) return tl::make_unexpected(answer.error());
  auto directory = acme::read_directory(answer->body, loopback_http_);
  if (!directory) return misunderstood("its directory (is it the URL of an ACME directory?)", directory.error());
  directory_ = std::move(*directory);
  return {};
}

AcmeResult<AcmeAnswer> AcmeClient::get(std::string_view what, const std::string& url) {
  auto answer = exchange(what, {AcmeRequest::Method::get, url});
  if (answer && !succeeded(*answer)) return refused(what, *answer);
  return answer;
}

AcmeResult<std::string> AcmeClient::nonce() {
  if (nonce_.empty()) {
    const auto answer = exchange("a nonce", {AcmeRequest::Method::head, directory_.new_nonce});
    if (!answer) return tl::make_unexpected(answer.error());
    if (!succeeded(*answer)) return refused("a nonce", *answer);
    if (nonce_.empty()) return acme_fail("{}: it was asked for a nonce and gave none", config_.directory_url);
  }
  return std::exchange(nonce_, "");
}

/// A nonce that the server does not take is replaced by the one of its refusal (RFC 8555 section 6.5).
AcmeResult<AcmeAnswer> AcmeClient::signed_post(std::string_view what, const std::string& url,
                                               const std::string& account, const std::string& payload) {
  for (int attempt = 1;; ++attempt) {
    const auto fresh = nonce();
    if (!fresh) return tl::make_unexpected(fresh.error());
    const auto body = acme::sign(*key_, {url, *fresh, account, payload});
    if (!body) return acme_fail("{}", body.error().message);
    auto answer = exchange(what, {AcmeRequest::Method::post, url, *body});
    if (!answer || succeeded(*answer)) return answer;
    const bool again = acme::read_problem(answer->body, answer->status).is("badNonce") && attempt < kNonceAttempts;
    if (!again) return refused(what, *answer);
  }
}

/// The server may have forgotten the account since the last time (a test server, a restored one).
AcmeResult<AcmeAnswer> AcmeClient::post(std::string_view what, const std::string& url, const std::string& payload) {
  auto answer = signed_post(what, url, account_, payload);
  if (answer || answer.error().type != "accountDoesNotExist") return answer;
  log_warn("{}: the account is not known there any more; a new one is made", config_.directory_url);
  if (const auto made = make_account(); !made) return tl::make_unexpected(made.error());
  return signed_post(what, url, account_, payload);
}

AcmeStatus AcmeClient::sign_in() {
  if (const auto made = make_private_directory(config_.state_directory); !made) {
    return acme_fail("{}", made.error().message);
  }
  if (auto loaded = load_key(); !loaded) return loaded;
  const auto text = read_if_present(files_.account);
  if (!text) return acme_fail("{}", text.error().message);
  const Json saved = Json::parse(text->value_or(""), nullptr, false);
  const bool known = saved.is_object() && text_of(saved, "directory") == config_.directory_url &&
                     text_of(saved, "key") == key_->thumbprint &&
                     acme::check_url(text_of(saved, "url"), loopback_http_).has_value();
  if (!known) return make_account();
  account_ = text_of(saved, "url");
  return saved.value("contacts", Json()) == Json(config_.contacts) ? AcmeStatus() : update_contacts();
}

AcmeStatus AcmeClient::load_key() {
  const auto text = read_if_present(files_.account_key);
  if (!text) return acme_fail("{}", text.error().message);
  auto key = *text ? pki::read_key(**text, files_.account_key, "") : pki::make_key({});
  if (!key) return acme_fail("{}; remove it to have a new account made", key.error().message);
  if (!*text) {
    const auto pem = pki::key_pem(key->get(), "");
    if (!pem) return acme_fail("{}", pem.error().message);
    const auto written = write_durably(files_.account_key, *pem, 0600);
    if (!written) return acme_fail("{}", written.error().message);
  }
  auto account_key = acme::make_account_key(std::move(*key));
  if (!account_key) {
    return acme_fail("{}: {}; remove it to have a new account made", files_.account_key, account_key.error().message);
  }
  key_ = std::move(*account_key);
  return {};
}

AcmeStatus AcmeClient::make_account() {
  if (directory_.external_account_required) {
    return acme_fail("{}: {}", config_.directory_url, acme::advice({"externalAccountRequired", ""}));
  }
  const auto answer = signed_post("an account", directory_.new_account, "", acme::new_account(config_.contacts));
  if (!answer) return tl::make_unexpected(answer.error());
  if (!acme::check_url(answer->location, loopback_http_)) {
    return acme_fail("{}: it made an account and did not say by which https URL it is known", config_.directory_url);
  }
  account_ = answer->location;
  log_info("{}: {} for certificates{}{}", config_.directory_url,
           answer->status == 201 ? "a new account" : "the account of this key is used",
           directory_.terms.empty() ? "" : "; you agree to its terms of service: ", directory_.terms);
  return save_account();
}

AcmeStatus AcmeClient::update_contacts() {
  const auto answer = post("other contacts", account_, acme::changed_contacts(config_.contacts));
  if (!answer) return tl::make_unexpected(answer.error());
  return save_account();
}

AcmeStatus AcmeClient::save_account() {
  const Json json = {{"url", account_},
                     {"directory", config_.directory_url},
                     {"contacts", config_.contacts},
                     {"key", key_->thumbprint}};
  const auto written =
      write_durably(files_.account, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", 0600);
  if (!written) return acme_fail("{}", written.error().message);
  return {};
}

}  // namespace transom::node
