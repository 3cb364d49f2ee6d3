// For tests: messages from and to nlohmann trees, which also speak MessagePack and CBOR.
#pragma once
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "wamp/serializer.h"
#include "wire/base64.h"

namespace transom::wamp {

inline constexpr SerializerId kAllSerializers[] = {SerializerId::json, SerializerId::msgpack, SerializerId::cbor};

inline std::string from_hex(std::string_view hex) {
  std::string octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] == ' ') ++i;
    octets.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

/// By the oracle. In JSON binary becomes the string of NUL and base64.
inline nlohmann::json without_binary(const nlohmann::json& value) {
  if (value.is_binary()) {
    const auto& octets = value.get_binary();
    return std::string(1, '\0') + wire::base64_encode({octets.data(), octets.size()});
  }
  nlohmann::json out = value;
  if (value.is_structured()) {
    for (auto& item : out) item = without_binary(item);
  }
  return out;
}

inline std::string oracle_encode(SerializerId serializer, const nlohmann::json& value) {
  std::string out;
  switch (serializer) {
    case SerializerId::json:
      return without_binary(value).dump();
    case SerializerId::msgpack:
      nlohmann::json::to_msgpack(value, out);
      break;
    case SerializerId::cbor:
      nlohmann::json::to_cbor(value, out);
      break;
  }
  return out;
}

inline nlohmann::json oracle_decode(SerializerId serializer, ByteSpan octets) {
  switch (serializer) {
    case SerializerId::json:
      return nlohmann::json::parse(octets.begin(), octets.end(), nullptr, false);
    case SerializerId::msgpack:
      return nlohmann::json::from_msgpack(octets.begin(), octets.end(), true, false);
    case SerializerId::cbor:
      return nlohmann::json::from_cbor(octets.begin(), octets.end(), true, false);
  }
  return {};
}

/// The error of a message that must be refused, or "" when it is not.
inline std::string refusal(SerializerId serializer, std::string_view octets) {
  Message message;
  Status status = decode(serializer, as_bytes(octets), false, message);
  return status ? std::string() : status.error().message;
}
inline std::string refusal(std::string_view json) { return refusal(SerializerId::json, json); }

}  // namespace transom::wamp
