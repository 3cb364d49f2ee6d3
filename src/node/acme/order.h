// One order of a certificate, from the first request to the chain (RFC 8555 section 7.4).
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "node/acme/client.h"
#include "node/acme/pair.h"
#include "node/acme/state.h"
#include "tls/acme_challenges.h"

namespace transom::node {

/// A certificate that is wanted. Immutable.
struct AcmeSubject {
  tls::AcmeConfig config;
  AcmeFiles files;
  std::vector<std::string> challenges;  // types that may be used ("http-01"), the best first
  /// "example.com and 2 more"
  std::string names() const;
};

/// Blocks until there is a certificate or a fault; ends soon after `cancelled` is set. An order that was begun before
/// is gone on with where the server still has it, and its key is still there.
class AcmeOrder {
 public:
  static constexpr std::int64_t kPatienceS = 10 * 60;

  AcmeOrder(AcmeClient& client, const AcmeSubject& subject, tls::AcmeChallenges& answers, const AcmeWorld& world,
            const std::atomic<bool>& cancelled, AcmeState& state);
  ~AcmeOrder();
  AcmeOrder(const AcmeOrder&) = delete;
  AcmeOrder& operator=(const AcmeOrder&) = delete;

  /// The pair is not judged yet. `challenges`: types in the order of preference. `replaces`: RFC 9773; empty: none.
  AcmeResult<AcmePair> run(const std::vector<std::string>& challenges, const std::string& replaces);
  /// The type of challenge that was answered; empty: the server asked for none.
  const std::string& used_challenge() const { return used_challenge_; }
  /// Whether it was begun before: then it may have failed because nobody was there to answer.
  bool resumed() const { return resumed_; }

 private:
  struct Asked {
    std::string authorization_url, type, name;
  };
  AcmeStatus begin(const std::string& replaces);
  bool resume();
  AcmeStatus start(const std::string& replaces);
  AcmeStatus make_key();
  AcmeStatus ask(const std::string& authorization_url, const std::vector<std::string>& challenges);
  AcmeStatus answer(const acme::Challenge& challenge, const std::string& name);
  AcmeStatus await(const Asked& asked);
  AcmeStatus finalize();
  AcmeStatus await_order(std::vector<acme::OrderStatus> passing);
  AcmeResult<AcmePair> download();

  AcmeStatus fetch_order(std::int64_t* retry_after_s = nullptr);
  AcmeResult<acme::Authorization> fetch_authorization(const std::string& url, std::int64_t* retry_after_s = nullptr);
  AcmeStatus pause(std::int64_t& pause_ms, std::int64_t retry_after_s, std::string_view what);
  AcmeStatus take_order(const AcmeAnswer& answer);
  tl::unexpected<AcmeFault> failed_check(const acme::Authorization& authorization, const Asked& asked) const;

  AcmeClient& client_;
  const AcmeSubject& subject_;
  tls::AcmeChallenges& answers_;
  const AcmeWorld& world_;
  const std::atomic<bool>& cancelled_;
  AcmeState& state_;
  const std::int64_t end_;
  acme::Order order_;
  std::string key_pem_;
  std::vector<Asked> asked_;
  std::vector<std::string> http_tokens_, alpn_names_;  // to be taken back
  std::string used_challenge_;
  bool resumed_ = false;
};

}  // namespace transom::node
