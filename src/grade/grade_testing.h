// For tests only: flights of servers as bytes, and a server that is a table.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grade/connector.h"
#include "grade/cursor.h"
#include "grade/suites.h"
#include "grade/versions.h"

namespace transom::grade::test {

inline std::string u8(std::size_t value) { return {static_cast<char>(value)}; }
inline std::string u16(std::size_t value) { return u8(value >> 8) + u8(value & 0xff); }
inline std::string u24(std::size_t value) { return u8(value >> 16) + u16(value & 0xffff); }
inline std::string counted16(const std::string& text) { return u16(text.size()) + text; }

inline std::string record(std::uint8_t type, const std::string& content, std::uint16_t version = 0x0303) {
  return u8(type) + u16(version) + counted16(content);
}
inline std::string message(std::uint8_t type, const std::string& body) { return u8(type) + u24(body.size()) + body; }
inline std::string alert(std::uint8_t description, std::uint8_t level = 2) {
  return record(21, u8(level) + u8(description));
}
inline std::string extension(std::uint16_t type, const std::string& body) { return u16(type) + counted16(body); }

struct HelloParts {
  std::uint16_t version = 0x0303;
  std::string random = std::string(32, 'r');
  std::uint16_t suite = 0xC02F;
  std::uint8_t compression = 0;
  std::string extensions;
};
inline std::string server_hello(const HelloParts& parts) {
  const std::string extensions = parts.extensions.empty() ? "" : counted16(parts.extensions);
  return message(2, u16(parts.version) + parts.random + u8(0) + u16(parts.suite) + u8(parts.compression) + extensions);
}
inline std::string certificate_message(const std::vector<std::string>& ders) {
  std::string list;
  for (const std::string& der : ders) list += u24(der.size()) + der;
  return message(11, u24(list.size()) + list);
}
inline std::string curve_message(std::uint16_t curve) { return message(12, u8(3) + u16(curve) + u8(1) + "x"); }
inline std::string dh_message(const std::string& prime) {
  return message(12, counted16(prime) + counted16("\x02") + counted16("y"));
}
inline std::string done_message() { return message(14, ""); }

/// What a ClientHello offers.
struct Offer {
  std::uint16_t version = 0;
  std::vector<std::uint16_t> suites, groups;
  bool compression = false, key_share = false;
  std::string server_name;
};

inline std::vector<std::uint16_t> numbers(ByteSpan list) {
  std::vector<std::uint16_t> found;
  for (Cursor cursor(list); cursor.left() >= 2;) found.push_back(cursor.u16());
  return found;
}

inline Offer read_offer(ByteSpan hello) {
  Offer offer;
  Cursor cursor(hello);
  cursor.take(9);
  offer.version = cursor.u16();
  cursor.take(32);
  cursor.counted(1);
  offer.suites = numbers(cursor.counted(2));
  offer.compression = cursor.counted(1).size() > 1;
  Cursor extensions(cursor.counted(2));
  while (extensions.left() > 0) {
    const std::uint16_t type = extensions.u16();
    Cursor body(extensions.counted(2));
    if (type == 0) offer.server_name = std::string(as_text(body.take(body.left()).subspan(5)));
    if (type == 10) offer.groups = numbers(body.counted(2));
    if (type == 43) offer.version = static_cast<std::uint16_t>(body.number(3) & 0xffff);
    if (type == 51) offer.key_share = body.u16() > 0;
  }
  return offer;
}

template <typename List, typename Number>
bool has(const List& list, Number number) {
  return std::find(list.begin(), list.end(), number) != list.end();
}

/// A server by its table: the suites of each version, in its own order of preference.
class TableServer final : public Connector {
 public:
  std::map<Version, std::vector<std::uint16_t>> suites;
  std::vector<std::uint16_t> groups = {0x001D, 0x0017};
  std::string prime = std::string(256, '\x80');
  std::string certificate = "a certificate";
  std::string ssl2_answer;
  std::uint16_t certificate_curve = 0;  // must be offered with ECDSA up to TLS 1.2
  bool needs_key_share = false, client_order = false, compression = false, renegotiation_info = true, scsv = true;
  int unreachable_after = 1 << 20;  // connections
  int exhausted_after = 1 << 20;
  int connections = 0;
  std::vector<Offer> offers;

  End exchange(ByteSpan octets, const Taker& take) override {
    ++connections;
    if (connections > exhausted_after) return End::exhausted;
    if (connections > unreachable_after) return End::unreachable;
    const std::string answer = answer_to(octets);
    for (const char& octet : answer) {  // cut at every place
      if (!take(as_bytes(std::string_view(&octet, 1)))) break;
    }
    return End::over;
  }
  std::string error() const override { return "refused"; }

 private:
  std::string answer_to(ByteSpan octets) {
    if (octets[0] != 22) return ssl2_answer;
    const Offer offer = read_offer(octets);
    offers.push_back(offer);
    const auto found = suites.find(static_cast<Version>(offer.version));
    if (found == suites.end()) return alert(70);
    const bool newest = found == std::prev(suites.end());
    if (scsv && !newest && has(offer.suites, 0x5600)) return alert(86);
    const auto suite = choose(offer, found->second);
    if (!suite) return alert(40);
    return offer.version == 0x0304 ? answer13(offer, *suite) : answer12(offer, *suite);
  }
  std::optional<std::uint16_t> choose(const Offer& offer, const std::vector<std::uint16_t>& own) const {
    const auto usable = [&](std::uint16_t suite) {
      const SuiteTraits traits = suite_traits(suite);
      const bool curve_missing = traits.auth == SuiteAuth::ecdsa && certificate_curve != 0 && !offer.groups.empty() &&
                                 !has(offer.groups, certificate_curve);
      return !curve_missing && (!traits.ecdhe || group_of(offer));
    };
    for (const std::uint16_t suite : client_order ? offer.suites : own) {
      if (has(offer.suites, suite) && has(own, suite) && usable(suite)) return suite;
    }
    return std::nullopt;
  }
  std::optional<std::uint16_t> group_of(const Offer& offer) const {
    for (const std::uint16_t group : offer.groups) {
      if (has(groups, group)) return group;
    }
    return std::nullopt;
  }
  std::string answer13(const Offer& offer, std::uint16_t suite) const {
    const auto group = group_of(offer);
    if (!group || (needs_key_share && !offer.key_share)) return alert(40);
    HelloParts parts;
    parts.suite = suite;
    parts.extensions = extension(43, u16(0x0304)) + extension(51, u16(*group));
    return record(22, server_hello(parts));
  }
  std::string answer12(const Offer& offer, std::uint16_t suite) const {
    HelloParts parts;
    parts.version = offer.version;
    parts.suite = suite;
    parts.compression = compression && offer.compression ? 1 : 0;
    if (renegotiation_info) parts.extensions = extension(0xFF01, u8(0));
    std::string messages = server_hello(parts) + certificate_message({certificate});
    if (suite_traits(suite).ecdhe) messages += curve_message(*group_of(offer));
    if (suite_traits(suite).dhe) messages += dh_message(prime);
    return record(22, messages + done_message());
  }
};

}  // namespace transom::grade::test
