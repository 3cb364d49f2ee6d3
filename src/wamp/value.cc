#include "wamp/value.h"

namespace transom::wamp {

std::optional<std::uint64_t> to_whole(const wire::Token& token) {
  if (token.kind == wire::Kind::integer) {
    if (token.integer < 0 || static_cast<std::uint64_t>(token.integer) > kMaxId) return std::nullopt;
    return static_cast<std::uint64_t>(token.integer);
  }
  if (token.kind != wire::Kind::floating) return std::nullopt;
  if (!(token.floating >= 0 && token.floating <= static_cast<double>(kMaxId))) return std::nullopt;
  auto whole = static_cast<std::uint64_t>(token.floating);
  if (static_cast<double>(whole) != token.floating) return std::nullopt;
  return whole;
}

}  // namespace transom::wamp
