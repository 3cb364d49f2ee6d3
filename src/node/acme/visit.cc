#include "node/acme/visit.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "node/acme/schedule.h"
#include "node/files/durable_file.h"
#include "tls/ocsp.h"

namespace transom::node {
namespace {

using State = AcmeStanding::State;

constexpr std::int64_t kSuggestionS = 6 * 3600;  // RFC 9773 section 4.3.2
constexpr std::int64_t kSoonestSuggestionS = 60, kLatestSuggestionS = 86'400;
constexpr unsigned kCrashesTaken = 2;  // attempts whose end nobody saw that are repeated at once

const char* word_of(State state) {
  switch (state) {
    case State::ordering:
      return "ordering";
    case State::missing:
      return "missing";
    case State::valid:
      return "valid";
    case State::failing:
      return "valid, renewal failing";
    case State::unknown:
      break;
  }
  return "unknown";
}

/// "2 min", "3 h"
std::string duration(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  return seconds < 7200 ? fmt::format("{} min", seconds / 60) : fmt::format("{} h", seconds / 3600);
}

class Visit {
 public:
  Visit(const AcmeSubject& subject, const AcmeVisitor& visitor, const AcmeOccasion& occasion)
      : subject_(subject),
        visitor_(visitor),
        occasion_(occasion),
        client_(visitor.world.connect(subject.config.ca_file, visitor.cancelled), subject.config, subject.files),
        state_(load_acme_state(subject.files)) {}

  AcmeReport run() {
    missing_ = read_pair();
    if (facts_) ask_when_to_renew();
    const std::string reason = facts_ ? why_renew() : missing_;
    if (!reason.empty() && now() >= earliest()) order(reason);
    return report();
  }

 private:
  std::int64_t now() const { return visitor_.world.now(); }

  /// Why no certificate of the server can be served; empty: one can.
  std::string read_pair() {
    const auto pair = read_acme_pair(subject_.files);
    if (!pair) return pair.error().message;
    if (!*pair) return "there is none yet";
    auto facts = judge_acme_pair(**pair, subject_.config.domains, now());
    if (!facts) return "the present one " + facts.error().message;
    facts_ = std::move(*facts);
    return "";
  }

  bool has_suggestion() const { return !facts_->renewal_id.empty() && state_.renewal.renewal_id == facts_->renewal_id; }

  /// Empty: not yet.
  std::string why_renew() const {
    if (occasion_.revoked.contains(facts_->info.sha256_fingerprint)) return "the present one was revoked";
    if (due() > now()) return "";
    return state_.renewal.chosen != 0 && has_suggestion() ? "the authority wants the present one to be renewed"
                                                          : "two thirds of the present one's life are over";
  }

  std::int64_t due() const {
    const bool suggested = has_suggestion() && state_.renewal.chosen != 0;
    return suggested ? renewal_time(facts_->info, state_.renewal) : renewal_time(facts_->info);
  }

  /// No news is no fault: then the last word counts, or the two thirds.
  void ask_when_to_renew() {
    auto& renewal = state_.renewal;
    if (facts_->renewal_id.empty()) return;
    if (!has_suggestion()) renewal = {facts_->renewal_id, 0, 0, 0, 0};
    if (renewal.next_check > now() && renewal.next_check <= now() + kLatestSuggestionS) return;
    renewal.next_check = now() + kSuggestionS;
    if (const auto heard = fetch_suggestion(); !heard) log_debug("no word about renewal: {}", heard.error().message);
    if (const auto saved = save(); !saved) log_warn("{}", saved.error().message);
  }

  AcmeStatus fetch_suggestion() {
    if (auto opened = client_.open(); !opened) return opened;
    const std::string& base = client_.directory().renewal_info;
    if (base.empty()) return {};
    const auto answer = client_.get("renewal", base + (base.ends_with('/') ? "" : "/") + state_.renewal.renewal_id);
    if (!answer) return tl::make_unexpected(answer.error());
    if (answer->retry_after_s >= 0) {
      state_.renewal.next_check = now() + std::clamp(answer->retry_after_s, kSoonestSuggestionS, kLatestSuggestionS);
    }
    const auto window = acme::read_renewal_window(answer->body);
    if (!window) return client_.misunderstood("renewal", window.error());
    take_suggestion(*window);
    return {};
  }

  void take_suggestion(const acme::RenewalWindow& window) {
    auto& renewal = state_.renewal;
    if (renewal.chosen != 0 && renewal.begin == window.begin && renewal.end == window.end) return;
    renewal.begin = window.begin;
    renewal.end = window.end;
    renewal.chosen = choose_in(window, visitor_.random);
    log_info("{}: the certificate for {} is to be renewed at {}, the authority suggests{}{}",
             subject_.config.directory_url, subject_.names(), tls::utc_text(renewal.chosen),
             window.explanation.empty() ? "" : "; why: ", window.explanation);
  }

  /// When an order may begin. A time that we cannot have written is left over from a clock that was wrong.
  std::int64_t earliest() const {
    const auto sane = [this](std::int64_t time) { return time > now() + kLongestForbiddenS ? 0 : time; };
    if (occasion_.asked) return sane(state_.not_before);
    std::int64_t after_crashes = 0;
    if (state_.begun > kCrashesTaken) {
      SeededRandom same_each_time(state_.begun);
      after_crashes = next_order(state_.begun - kCrashesTaken, {}, state_.begun_at, same_each_time);
    }
    return std::max(sane(state_.next_attempt), sane(after_crashes));
  }

  void order(const std::string& reason) {
    log_info("{}: ordering a certificate for {}: {}", subject_.config.directory_url, subject_.names(), reason);
    AcmeStatus done = begin_attempt();
    if (done) done = attempt();
    state_.begun = 0;
    if (*visitor_.cancelled && !done) {
      static_cast<void>(save());
    } else if (done) {
      succeeded();
    } else {
      failed(done.error());
    }
  }

  AcmeStatus begin_attempt() {
    if (auto opened = client_.open(); !opened) return opened;
    if (auto signed_in = client_.sign_in(); !signed_in) return signed_in;
    ++state_.begun;
    state_.begun_at = now();
    return save();
  }

  /// An order of before that the server has judged meanwhile, while nobody answered, is no failure of this attempt.
  AcmeResult<AcmePair> run_order() {
    for (;;) {
      AcmeOrder order(client_, subject_, visitor_.answers, visitor_.world, *visitor_.cancelled, state_);
      auto pair = order.run(challenges(), facts_ ? facts_->renewal_id : "");
      const bool again = !pair && order.resumed() && !pair.error().type.empty() && pair.error().type != "rateLimited";
      if (pair && !order.used_challenge().empty()) state_.challenge = order.used_challenge();
      if (!again) return pair;
      log_info("{}; another order is begun", pair.error().message);
      state_.order.clear();
    }
  }

  AcmeStatus attempt() {
    const auto pair = run_order();
    if (!pair) return tl::make_unexpected(pair.error());
    auto facts = judge_acme_pair(*pair, subject_.config.domains, now());
    if (!facts) {
      state_.order.clear();  // it would give us the same one again
      return acme_fail("{}: the certificate that it issued {}", subject_.config.directory_url, facts.error().message);
    }
    const auto replaced = replace_directory(subject_.files.certificate_directory,
                                            {{"key.pem", pair->key_pem, 0600}, {"chain.pem", facts->chain_pem, 0644}});
    if (!replaced) return acme_fail("{}", replaced.error().message);
    facts_ = std::move(*facts);
    return {};
  }

  /// What worked the last time first; after a failure the other one has its turn.
  std::vector<std::string> challenges() const {
    std::vector<std::string> list = subject_.challenges;
    const auto last = std::find(list.begin(), list.end(), state_.challenge);
    if (last != list.end()) std::rotate(list.begin(), last, last + 1);
    if (!list.empty()) std::rotate(list.begin(), list.begin() + state_.failures % list.size(), list.end());
    return list;
  }

  void succeeded() {
    const std::string challenge = state_.challenge;
    const AcmeState::Renewal renewal = {facts_->renewal_id, 0, 0, 0, 0};
    state_ = {};
    state_.challenge = challenge;
    state_.renewal = renewal;
    replaced_ = true;
    unlink(subject_.files.pending_key.c_str());
    if (const auto saved = save(); !saved) log_warn("{}", saved.error().message);
    log_info("{}: a certificate for {} until {}, in {}", subject_.config.directory_url, subject_.names(),
             tls::utc_text(facts_->info.not_after), subject_.files.certificate_directory);
  }

  void failed(const AcmeFault& fault) {
    if (!fault.unheard) state_.order.clear();
    state_.not_before = forbidden_until(fault, now());
    state_.next_attempt = next_order(++state_.failures, fault, now(), visitor_.random);
    state_.last_error = fault.message;
    if (const auto saved = save(); !saved) log_warn("{}", saved.error().message);
    const std::string meanwhile =
        facts_ ? fmt::format("the present one serves until {}", tls::utc_text(facts_->info.not_after))
               : fmt::format("until then no client trusts what is served: {}", missing_);
    log_error("no certificate for {}: {}. The next attempt is at {} (in {}); {}", subject_.names(), fault.message,
              tls::utc_text(state_.next_attempt), duration(state_.next_attempt - now()), meanwhile);
  }

  AcmeStatus save() const {
    if (const auto saved = save_acme_state(subject_.files, state_); !saved) {
      return acme_fail("{}", saved.error().message);
    }
    return {};
  }

  AcmeReport report() const {
    AcmeReport report;
    report.replaced = replaced_;
    AcmeStanding& standing = report.standing;
    standing.failures = state_.failures;
    standing.last_error = state_.last_error;
    const std::int64_t soonest = std::max(earliest(), now() + 1);
    if (facts_) {
      standing.state = state_.failures == 0 ? State::valid : State::failing;
      standing.not_after = facts_->info.not_after;
      standing.next_order = std::max(due(), soonest);
      report.next_look = standing.next_order;
      if (state_.renewal.next_check != 0) report.next_look = std::min(report.next_look, state_.renewal.next_check);
    } else {
      standing.state = State::missing;
      standing.next_order = report.next_look = soonest;
    }
    return report;
  }

  const AcmeSubject& subject_;
  const AcmeVisitor& visitor_;
  const AcmeOccasion& occasion_;
  AcmeClient client_;
  AcmeState state_;
  std::string missing_;
  std::optional<AcmePairFacts> facts_;  // of the pair that will do; none: there is no such pair
  bool replaced_ = false;
};

}  // namespace

nlohmann::json describe_acme(const AcmeSubject& subject, const AcmeStanding& standing) {
  nlohmann::json described = {{"certificate", subject.files.chain},
                              {"domains", subject.config.domains},
                              {"directory", subject.config.directory_url},
                              {"state", word_of(standing.state)}};
  if (standing.not_after != 0) described["not_after"] = tls::utc_text(standing.not_after);
  if (standing.next_order != 0) described["next_order"] = tls::utc_text(standing.next_order);
  if (standing.failures != 0) described["failures"] = standing.failures;
  if (!standing.last_error.empty()) described["last_error"] = standing.last_error;
  return described;
}

AcmeReport visit_acme(const AcmeSubject& subject, const AcmeVisitor& visitor, const AcmeOccasion& occasion) {
  return Visit(subject, visitor, occasion).run();
}

}  // namespace transom::node
