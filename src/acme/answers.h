// What an ACME server answers (RFC 8555 sections 7 and 8, RFC 9773), read as if it were an enemy's.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace transom::acme {

inline constexpr std::size_t kMaxAnswer = 256 * 1024;  // octets of any answer
inline constexpr std::size_t kMaxUrl = 2048;
inline constexpr std::size_t kMaxAuthorizations = 100;  // what Let's Encrypt takes in one certificate
inline constexpr std::size_t kMaxChallenges = 32;

/// Whether we send anything to `url`: it is https or, with `loopback_http`, http to this machine.
Status check_url(std::string_view url, bool loopback_http);
/// Whether `url` is http to this machine: then the others of its server may be so as well.
bool is_loopback_http(std::string_view url);

struct Directory {
  std::string new_nonce, new_account, new_order;
  std::string renewal_info;  // empty: the server does not tell when to renew
  std::string terms;         // of service: a page for people; empty: none
  bool external_account_required = false;
};
Result<Directory> read_directory(const std::string& json, bool loopback_http);

/// A problem document (RFC 7807, RFC 8555 section 6.7).
struct Problem {
  std::string type;  // without "urn:ietf:params:acme:error:" where it is one of those
  std::string text;  // for people: title, detail and those of the subproblems, cut and without control characters
  bool is(std::string_view name) const { return type == name; }
};
/// What can be told of an answer with `status` that is none of those hoped for; never fails.
Problem read_problem(const std::string& body, long status);

enum class OrderStatus { pending, ready, processing, valid, invalid };
struct Order {
  OrderStatus status = OrderStatus::pending;
  std::vector<std::string> names;           // lower case, sorted
  std::vector<std::string> authorizations;  // URLs
  std::string finalize;                     // URL
  std::string certificate;                  // URL; empty until there is one
  std::optional<Problem> problem;
};
Result<Order> read_order(const std::string& json, bool loopback_http);

struct Challenge {
  std::string type;  // "http-01"
  std::string url;
  std::string token;     // only of the types that have one: base64url letters
  bool pending = false;  // the server has not been told to look yet
  std::optional<Problem> problem;
};
enum class AuthorizationStatus { pending, valid, invalid, deactivated, expired, revoked };
struct Authorization {
  AuthorizationStatus status = AuthorizationStatus::pending;
  std::string name;
  std::vector<Challenge> challenges;
  /// Null: it is not offered.
  const Challenge* challenge(std::string_view type) const;
  /// Why it became invalid, as far as the server says.
  std::optional<Problem> problem() const;
};
Result<Authorization> read_authorization(const std::string& json, bool loopback_http);

/// When the server wants a certificate to be renewed (RFC 9773 section 4.2); seconds since 1970.
struct RenewalWindow {
  std::int64_t begin = 0, end = 0;
  std::string explanation;  // a URL for people; empty: none
};
Result<RenewalWindow> read_renewal_window(const std::string& json);

/// Seconds since 1970 of "2025-01-02T04:00:00Z" (RFC 3339).
Result<std::int64_t> read_time(std::string_view text);

}  // namespace transom::acme
