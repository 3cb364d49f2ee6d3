#include "node/acme/order.h"

#include <algorithm>

#include "acme/advice.h"
#include "acme/alpn_certificate.h"
#include "acme/requests.h"
#include "base/log.h"
#include "node/files/durable_file.h"
#include "pki/keys.h"

namespace transom::node {
namespace {

using acme::AuthorizationStatus;
using acme::OrderStatus;

constexpr std::int64_t kFirstPauseMs = 250, kLongestPauseMs = 10'000, kLongestRetryAfterS = 60;
constexpr char kAlpn[] = "tls-alpn-01";

std::string list_of_types(const acme::Authorization& authorization) {
  std::string list;
  for (const acme::Challenge& one : authorization.challenges)
    list += (list.empty() ? "" : ", ") + log_safe(one.type, 32);
  return list.empty() ? "none" : list;
}

bool contains(const std::vector<OrderStatus>& list, OrderStatus status) {
  return std::find(list.begin(), list.end(), status) != list.end();
}

}  // namespace

std::string AcmeSubject::names() const {
  const std::string first = config.domains.empty() ? "" : config.domains.front();
  return config.domains.size() < 2 ? first : fmt::format("{} and {} more", first, config.domains.size() - 1);
}

AcmeOrder::AcmeOrder(AcmeClient& client, const AcmeSubject& subject, tls::AcmeChallenges& answers,
                     const AcmeWorld& world, const std::atomic<bool>& cancelled, AcmeState& state)
    : client_(client),
      subject_(subject),
      answers_(answers),
      world_(world),
      cancelled_(cancelled),
      state_(state),
      end_(world.now() + kPatienceS) {
  client_.set_limit([this] { return world_.now() >= end_; });
}

AcmeOrder::~AcmeOrder() {
  client_.set_limit({});
  for (const std::string& token : http_tokens_) answers_.remove_http(token);
  for (const std::string& name : alpn_names_) answers_.remove_alpn(name);
}

AcmeResult<AcmePair> AcmeOrder::run(const std::vector<std::string>& challenges, const std::string& replaces) {
  AcmeStatus done = begin(replaces);
  if (done && order_.status == OrderStatus::pending) {
    for (std::size_t i = 0; done && i < order_.authorizations.size(); ++i) {
      done = ask(order_.authorizations[i], challenges);
    }
    for (std::size_t i = 0; done && i < asked_.size(); ++i) done = await(asked_[i]);
    if (done) done = await_order({OrderStatus::ready, OrderStatus::processing, OrderStatus::valid});
  }
  if (done && order_.status == OrderStatus::ready) done = finalize();
  if (done) done = await_order({OrderStatus::valid});
  if (!done) return tl::make_unexpected(done.error());
  return download();
}

AcmeStatus AcmeOrder::begin(const std::string& replaces) {
  resumed_ = !state_.order.empty() && resume();
  if (resumed_) {
    log_info("{}: the order for {} of before is gone on with", subject_.config.directory_url, subject_.names());
    return {};
  }
  state_.order.clear();
  return start(replaces);
}

bool AcmeOrder::resume() {
  const auto key = read_if_present(subject_.files.pending_key);
  if (!key || !*key || !acme::check_url(state_.order, client_.loopback_http())) return false;
  key_pem_ = **key;
  return fetch_order() && order_.status != OrderStatus::invalid;
}

/// `replaces` is a kindness to the server: without it the order is as good.
AcmeStatus AcmeOrder::start(const std::string& replaces) {
  const std::string& url = client_.directory().new_order;
  auto answer = client_.post("the order", url, acme::new_order(subject_.config.domains, replaces));
  if (!answer && !replaces.empty() && answer.error().type != "rateLimited") {
    answer = client_.post("the order", url, acme::new_order(subject_.config.domains, ""));
  }
  if (!answer) return tl::make_unexpected(answer.error());
  if (!acme::check_url(answer->location, client_.loopback_http())) {
    return client_.misunderstood("the order", {"it does not say by which https URL it is known"});
  }
  state_.order = answer->location;
  if (auto taken = take_order(*answer); !taken) return taken;
  return make_key();
}

/// On disk before the order can use it, and the order beside it: whoever stops us here, the next run goes on.
AcmeStatus AcmeOrder::make_key() {
  const auto key = pki::make_key({});
  if (!key) return acme_fail("{}", key.error().message);
  const auto pem = pki::key_pem(key->get(), "");
  if (!pem) return acme_fail("{}", pem.error().message);
  key_pem_ = *pem;
  if (auto written = write_durably(subject_.files.pending_key, key_pem_, 0600); !written) {
    return acme_fail("{}", written.error().message);
  }
  if (auto saved = save_acme_state(subject_.files, state_); !saved) return acme_fail("{}", saved.error().message);
  return {};
}

AcmeStatus AcmeOrder::take_order(const AcmeAnswer& answer) {
  auto order = acme::read_order(answer.body, client_.loopback_http());
  if (!order) return client_.misunderstood("the order", order.error());
  std::vector<std::string> wanted = subject_.config.domains;
  std::sort(wanted.begin(), wanted.end());
  if (order->names != wanted) return client_.misunderstood("the order", {"it is for other names than asked for"});
  order_ = std::move(*order);
  return {};
}

AcmeStatus AcmeOrder::fetch_order(std::int64_t* retry_after_s) {
  const auto answer = client_.post("the order", state_.order, "");
  if (!answer) return tl::make_unexpected(answer.error());
  if (retry_after_s != nullptr) *retry_after_s = answer->retry_after_s;
  return take_order(*answer);
}

AcmeResult<acme::Authorization> AcmeOrder::fetch_authorization(const std::string& url, std::int64_t* retry_after_s) {
  const auto answer = client_.post("an authorization", url, "");
  if (!answer) return tl::make_unexpected(answer.error());
  if (retry_after_s != nullptr) *retry_after_s = answer->retry_after_s;
  auto authorization = acme::read_authorization(answer->body, client_.loopback_http());
  if (!authorization) return client_.misunderstood("an authorization", authorization.error());
  return std::move(*authorization);
}

/// Chooses a challenge of a name, gets its answer ready and lets the server look.
AcmeStatus AcmeOrder::ask(const std::string& authorization_url, const std::vector<std::string>& challenges) {
  const auto authorization = fetch_authorization(authorization_url);
  if (!authorization) return tl::make_unexpected(authorization.error());
  if (authorization->status == AuthorizationStatus::valid) return {};
  const auto& domains = subject_.config.domains;
  if (std::find(domains.begin(), domains.end(), authorization->name) == domains.end()) {
    return client_.misunderstood("an authorization", {"it is for a name that was not asked for"});
  }
  if (authorization->status != AuthorizationStatus::pending) {
    return failed_check(*authorization, {authorization_url, "", authorization->name});
  }
  for (const std::string& type : challenges) {
    const acme::Challenge* challenge = authorization->challenge(type);
    if (challenge == nullptr) continue;
    asked_.push_back({authorization_url, type, authorization->name});
    return answer(*challenge, authorization->name);
  }
  return acme_fail("{}: none of the challenges it offers for {} can be used here (it offers: {}); check `challenge`",
                   subject_.config.directory_url, authorization->name, list_of_types(*authorization));
}

AcmeStatus AcmeOrder::answer(const acme::Challenge& challenge, const std::string& name) {
  const std::string authorization = acme::key_authorization(challenge.token, client_.key());
  if (challenge.type == kAlpn) {
    auto context = acme::make_alpn_context(name, authorization, world_.now());
    if (!context) return acme_fail("{}", context.error().message);
    answers_.put_alpn(name, std::move(*context));
    alpn_names_.push_back(name);
  } else {
    answers_.put_http(challenge.token, authorization);
    http_tokens_.push_back(challenge.token);
  }
  used_challenge_ = challenge.type;
  if (!challenge.pending) return {};  // the server looks already: we have been here before
  log_debug("{}: the challenge {} for {} is ready", subject_.config.directory_url, challenge.type, name);
  const auto told = client_.post("a challenge", challenge.url, acme::kReady);
  if (!told) return tl::make_unexpected(told.error());
  return {};
}

AcmeStatus AcmeOrder::await(const Asked& asked) {
  for (std::int64_t pause_ms = kFirstPauseMs;;) {
    std::int64_t retry_after_s = -1;
    const auto authorization = fetch_authorization(asked.authorization_url, &retry_after_s);
    if (!authorization) return tl::make_unexpected(authorization.error());
    if (authorization->status == AuthorizationStatus::valid) return {};
    if (authorization->status != AuthorizationStatus::pending) return failed_check(*authorization, asked);
    if (auto waited = pause(pause_ms, retry_after_s, "to check " + asked.name); !waited) return waited;
  }
}

tl::unexpected<AcmeFault> AcmeOrder::failed_check(const acme::Authorization& authorization, const Asked& asked) const {
  const acme::Problem problem = authorization.problem().value_or(acme::Problem{"", "no reason given"});
  const std::string hint = acme::advice(problem, asked.type, asked.name);
  return tl::make_unexpected(
      AcmeFault{fmt::format("{}: its check of {}{}{} failed: \"{}\"{}{}{}", subject_.config.directory_url, asked.name,
                            asked.type.empty() ? "" : " by ", asked.type, problem.text,
                            problem.type.empty() ? "" : " (" + problem.type + ")", hint.empty() ? "" : "; ", hint),
                problem.type});
}

AcmeStatus AcmeOrder::finalize() {
  const auto key = pki::read_key(key_pem_, subject_.files.pending_key, "");
  if (!key) return acme_fail("{}", key.error().message);
  const auto payload = acme::finalize(subject_.config.domains, key->get());
  if (!payload) return acme_fail("{}", payload.error().message);
  const auto answer = client_.post("the request for a certificate", order_.finalize, *payload);
  if (!answer) return tl::make_unexpected(answer.error());
  return take_order(*answer);
}

AcmeStatus AcmeOrder::await_order(std::vector<OrderStatus> passing) {
  for (std::int64_t pause_ms = kFirstPauseMs; !contains(passing, order_.status);) {
    if (order_.status == OrderStatus::invalid) {
      const acme::Problem problem = order_.problem.value_or(acme::Problem{"", "no reason given"});
      const std::string hint = acme::advice(problem);
      return tl::make_unexpected(
          AcmeFault{fmt::format("{}: the order failed: \"{}\"{}{}", subject_.config.directory_url, problem.text,
                                hint.empty() ? "" : "; ", hint),
                    problem.type});
    }
    std::int64_t retry_after_s = -1;
    if (auto fetched = fetch_order(&retry_after_s); !fetched) return fetched;
    if (contains(passing, order_.status) || order_.status == OrderStatus::invalid) continue;
    if (auto waited = pause(pause_ms, retry_after_s, "to issue the certificate"); !waited) return waited;
  }
  return {};
}

AcmeStatus AcmeOrder::pause(std::int64_t& pause_ms, std::int64_t retry_after_s, std::string_view what) {
  if (world_.now() >= end_) {
    return acme_fail("{}: it took more than {} minutes {}", subject_.config.directory_url, kPatienceS / 60, what);
  }
  const std::int64_t asked_ms = std::min(retry_after_s, kLongestRetryAfterS) * 1000;
  if (!world_.wait(std::max(pause_ms, asked_ms), cancelled_)) return acme_fail("given up, for the node ends");
  pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
  return {};
}

AcmeResult<AcmePair> AcmeOrder::download() {
  auto answer = client_.post("the certificate", order_.certificate, "");
  if (!answer) return tl::make_unexpected(answer.error());
  return AcmePair{key_pem_, std::move(answer->body)};
}

}  // namespace transom::node
