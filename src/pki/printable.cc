#include "pki/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace transom::pki {
namespace {

constexpr std::size_t kMaxText = 1000;

}  // namespace

std::string printable(std::string_view text, bool ascii) {
  std::string safe;
  bool second = false;  // of a control character of ISO 8859
  for (std::size_t i = 0; i < std::min(text.size(), kMaxText); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 'x');
    const bool first = octet == 0xc2 && next >= 0x80 && next < 0xa0;
    const bool hidden = octet < 0x20 || octet == 0x7f || first || second || (ascii && octet >= 0x80);
    safe += hidden ? fmt::format("\\{:02X}", octet) : std::string(1, text[i]);
    second = first;
  }
  return text.size() > kMaxText ? safe + "..." : safe;
}

}  // namespace transom::pki
