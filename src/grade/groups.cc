#include "grade/groups.h"

#include <fmt/format.h>

#include <algorithm>

namespace transom::grade {
namespace {

constexpr Group curve(std::uint16_t number, std::string_view name, int bits, bool tls13 = false) {
  return {number, name, bits, false, false, tls13};
}
constexpr Group field(std::uint16_t number, std::string_view name, int bits) { return {number, name, bits, true}; }
constexpr Group hybrid(std::uint16_t number, std::string_view name, int bits) {
  return {number, name, bits, false, true};
}

constexpr Group kGroups[] = {
    hybrid(0x11EC, "X25519MLKEM768", 253),
    hybrid(0x11EB, "SecP256r1MLKEM768", 256),
    hybrid(0x11ED, "SecP384r1MLKEM1024", 384),
    curve(0x001D, "x25519", 253, true),
    curve(0x0017, "secp256r1", 256, true),
    curve(0x0018, "secp384r1", 384, true),
    curve(0x0019, "secp521r1", 521, true),
    curve(0x001E, "x448", 448, true),
    curve(0x001F, "brainpoolP256r1tls13", 256, true),
    curve(0x0020, "brainpoolP384r1tls13", 384, true),
    curve(0x0021, "brainpoolP512r1tls13", 512, true),
    field(0x0100, "ffdhe2048", 2048),
    field(0x0101, "ffdhe3072", 3072),
    field(0x0102, "ffdhe4096", 4096),
    field(0x0103, "ffdhe6144", 6144),
    field(0x0104, "ffdhe8192", 8192),
    curve(0x0029, "curveSM2", 256, true),
    curve(0x001A, "brainpoolP256r1", 256),
    curve(0x001B, "brainpoolP384r1", 384),
    curve(0x001C, "brainpoolP512r1", 512),
    curve(0x0016, "secp256k1", 256),
    curve(0x0015, "secp224r1", 224),
    curve(0x0014, "secp224k1", 224),
    curve(0x0013, "secp192r1", 192),
    curve(0x0012, "secp192k1", 192),
    curve(0x0010, "secp160r1", 160),
    curve(0x0011, "secp160r2", 160),
    curve(0x000F, "secp160k1", 160),
    curve(0x000E, "sect571r1", 571),
    curve(0x000D, "sect571k1", 571),
    curve(0x000C, "sect409r1", 409),
    curve(0x000B, "sect409k1", 409),
    curve(0x000A, "sect283r1", 283),
    curve(0x0009, "sect283k1", 283),
    curve(0x0008, "sect239k1", 239),
    curve(0x0007, "sect233r1", 233),
    curve(0x0006, "sect233k1", 233),
    curve(0x0005, "sect193r2", 193),
    curve(0x0004, "sect193r1", 193),
    curve(0x0003, "sect163r2", 163),
    curve(0x0002, "sect163r1", 163),
    curve(0x0001, "sect163k1", 163),
};

}  // namespace

std::span<const Group> all_groups() { return kGroups; }

const Group* find_group(std::uint16_t number) {
  const auto found = std::find_if(std::begin(kGroups), std::end(kGroups),
                                  [number](const Group& group) { return group.number == number; });
  return found == std::end(kGroups) ? nullptr : found;
}

std::string group_name(std::uint16_t number) {
  const Group* group = find_group(number);
  return group != nullptr ? std::string(group->name) : fmt::format("0x{:04X}", number);
}

}  // namespace transom::grade
