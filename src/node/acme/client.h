// An account at an ACME server, and the signed requests it makes (RFC 8555 sections 6 and 7.1 to 7.3).
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "acme/answers.h"
#include "acme/jws.h"
#include "node/acme/files.h"
#include "node/acme/https.h"

namespace transom::node {

/// Why a request or an order came to nothing.
struct AcmeFault {
  std::string message;              // complete English
  std::string type{};               // of the server's problem document; empty: there was none
  std::int64_t retry_after_s = -1;  // as the server says; -1: it does not
  bool unheard = false;             // there was no answer: what is under way may go on later
};
template <typename T>
using AcmeResult = tl::expected<T, AcmeFault>;
using AcmeStatus = AcmeResult<void>;

template <typename... Args>
tl::unexpected<AcmeFault> acme_fail(fmt::format_string<Args...> format, Args&&... args) {
  return tl::make_unexpected(AcmeFault{fmt::format(format, std::forward<Args>(args)...)});
}

/// What ordering a certificate needs of the world; tests have their own.
struct AcmeWorld {
  std::function<AcmeExchange(const std::string& ca_file, std::shared_ptr<const std::atomic<bool>> cancelled)> connect;
  std::function<std::int64_t()> now;  // seconds since 1970
  /// Blocks; false as soon as it was cancelled.
  std::function<bool(std::int64_t ms, const std::atomic<bool>& cancelled)> wait;
};
AcmeWorld real_acme_world();

/// Blocks. For one thread at a time.
class AcmeClient {
 public:
  AcmeClient(AcmeExchange exchange, tls::AcmeConfig config, AcmeFiles files);

  /// Fetches the directory; what needs no account needs no more.
  AcmeStatus open();
  /// Takes the account of the last time, or has one made for a key that is new where there is none.
  AcmeStatus sign_in();

  /// Nothing is asked any more once `out_of_time` says so.
  void set_limit(std::function<bool()> out_of_time) { out_of_time_ = std::move(out_of_time); }

  const acme::Directory& directory() const { return directory_; }
  const acme::AccountKey& key() const { return *key_; }
  bool loopback_http() const { return loopback_http_; }

  /// Signed by the account; an empty payload asks for a resource. An answer of success, or a fault whose message names
  /// `what` ("the order").
  AcmeResult<AcmeAnswer> post(std::string_view what, const std::string& url, const std::string& payload);
  /// Not signed.
  AcmeResult<AcmeAnswer> get(std::string_view what, const std::string& url);
  /// An answer that cannot be understood.
  tl::unexpected<AcmeFault> misunderstood(std::string_view what, const Error& error) const;

 private:
  AcmeResult<AcmeAnswer> exchange(std::string_view what, const AcmeRequest& request);
  AcmeResult<AcmeAnswer> signed_post(std::string_view what, const std::string& url, const std::string& account,
                                     const std::string& payload);
  AcmeResult<std::string> nonce();
  tl::unexpected<AcmeFault> refused(std::string_view what, const AcmeAnswer& answer) const;
  AcmeStatus load_key();
  AcmeStatus make_account();
  AcmeStatus update_contacts();
  AcmeStatus save_account();

  const AcmeExchange exchange_;
  const tls::AcmeConfig config_;
  const AcmeFiles files_;
  const bool loopback_http_;
  std::function<bool()> out_of_time_;
  acme::Directory directory_;
  std::optional<acme::AccountKey> key_;
  std::string account_;  // its URL; empty: not signed in
  std::string nonce_;    // for the next request; empty: one is to be fetched
};

}  // namespace transom::node
