// For tests: the tokens of a value as one readable line.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/any_reader.h"

namespace transom::wire {

inline std::string from_hex(std::string_view hex) {
  std::string octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] == ' ') ++i;
    octets.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

inline std::string describe(const ValueReader& reader, const Token& token) {
  std::string content;
  if (token.kind == Kind::text || token.kind == Kind::binary) reader.unpack(token, content);
  std::string count = token.count == kUnknownCount ? "" : std::to_string(token.count);
  switch (token.kind) {
    case Kind::error:
      return "ERROR";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return token.boolean ? "true" : "false";
    case Kind::integer:
      return std::to_string(token.integer);
    case Kind::unsigned_integer:
      return std::to_string(token.unsigned_integer) + "u";
    case Kind::floating:
      return fmt::format("{}f", token.floating);
    case Kind::text:
      return "'" + content + "'";
    case Kind::binary: {
      std::string hex = "h";
      for (char c : content) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return hex;
    }
    case Kind::array:
      return count + "[";
    case Kind::map:
      return count + "{";
    case Kind::array_end:
      return "]";
    case Kind::map_end:
      return "}";
  }
  return "?";
}

/// E.g. `2[ 1 1{ 'a': null } ]`; ends with ERROR where the value is malformed or something follows it.
inline std::string tokens(Format format, std::string_view input) {
  AnyReader reader(format, as_bytes(input));
  std::string line;
  int depth = 0;
  do {
    Token token = reader->next();
    if (!line.empty()) line += ' ';
    line += describe(*reader, token);
    if (token.is_key) line += ':';
    if (token.kind == Kind::error) return line;
    if (token.kind == Kind::array || token.kind == Kind::map) ++depth;
    if (token.kind == Kind::array_end || token.kind == Kind::map_end) --depth;
  } while (depth > 0);
  return reader->at_end() ? line : line + " MORE";
}

/// Whether the input is one whole value, by `skip`; expects `next` to be of the same opinion.
inline bool is_whole(Format format, std::string_view input) {
  AnyReader reader(format, as_bytes(input));
  RawValue raw = reader->skip();
  bool whole = raw.kind != Kind::error && reader->at_end();
  std::string line = tokens(format, input);
  bool by_tokens = line.find("ERROR") == std::string::npos && !line.ends_with(" MORE");
  EXPECT_EQ(whole, by_tokens) << testing::PrintToString(input) << " " << line;
  return whole;
}

/// Every proper prefix of a value must be refused.
inline void expect_no_prefix(Format format, std::string_view input) {
  EXPECT_TRUE(is_whole(format, input)) << testing::PrintToString(input);
  for (std::size_t size = 0; size < input.size(); ++size) {
    // A copy of exactly this size lets the address sanitizer see a read behind the end.
    std::vector<char> prefix(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(is_whole(format, {prefix.data(), prefix.size()})) << size << " of " << testing::PrintToString(input);
  }
}

}  // namespace transom::wire
