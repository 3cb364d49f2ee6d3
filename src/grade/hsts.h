// Strict-Transport-Security (RFC 6797) of an HTTP answer.
#pragma once
#include <cstdint>
#include <string_view>

namespace transom::grade {

/// SSL Labs gives an A+ from half a year on.
inline constexpr std::int64_t kLongEnoughHstsSeconds = 15'552'000;

struct HstsFacts {
  enum class State : std::uint8_t {
    not_http,        // no HTTP answer came
    not_applicable,  // browsers ignore it for localhost and for addresses
    missing,
    malformed,  // browsers ignore it
    disabled,   // max-age is 0
    too_short,
    good,
  };
  State state = State::not_http;
  std::int64_t max_age_s = 0;
  bool include_subdomains = false, preload = false;
};

/// Whether browsers heed the field for this host at all.
bool hsts_applies(std::string_view host);

/// `head`: an HTTP/1 response up to the empty line.
HstsFacts read_hsts(std::string_view head);

}  // namespace transom::grade
