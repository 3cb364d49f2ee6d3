// http-01: what an ACME server asks for to see that a name is ours (RFC 8555 section 8.3).
#pragma once
#include <memory>

#include "serve/http.h"
#include "tls/acme_challenges.h"

namespace transom::serve {

/// Certification authorities ask below it, in the clear.
inline constexpr std::string_view kAcmePrefix = "/.well-known/acme-challenge/";

class AcmeService final : public WebService {
 public:
  explicit AcmeService(std::shared_ptr<const tls::AcmeChallenges> challenges) : challenges_(std::move(challenges)) {}
  /// Whether `path` is that of a challenge which is under way; for any other one the site answers as ever.
  bool knows(std::string_view path) const;
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view token) override;

 private:
  const std::shared_ptr<const tls::AcmeChallenges> challenges_;
};

}  // namespace transom::serve
