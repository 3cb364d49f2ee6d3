#include "wamp/tree.h"

#include <nlohmann/json.hpp>

#include "wamp/serializer.h"
#include "wamp/value.h"
#include "wire/any_reader.h"
#include "wire/base64.h"
#include "wire/utf8.h"

namespace transom::wamp {
namespace {

using nlohmann::json;
using wire::Kind;
using wire::Token;

/// Builds a tree. Recursive: the reader bounds the depth.
class TreeReader {
 public:
  explicit TreeReader(wire::ValueReader& in) : in_(in) {}

  bool read(const Token& token, json& out) {
    switch (token.kind) {
      case Kind::null:
        out = nullptr;
        return true;
      case Kind::boolean:
        out = token.boolean;
        return true;
      case Kind::integer:
        out = token.integer;
        return true;
      case Kind::unsigned_integer:
        out = token.unsigned_integer;
        return true;
      case Kind::floating:
        out = token.floating;
        return true;
      case Kind::text:
        return read_text(token, out);
      case Kind::binary:
        out = binary(content(token));
        return true;
      case Kind::array:
        return read_array(out);
      case Kind::map:
        return read_map(out);
      default:
        return false;
    }
  }

 private:
  std::string content(const Token& token) {
    std::string text;
    in_.unpack(token, text);
    return text;
  }
  static json binary(std::string_view octets) {
    return json::binary(json::binary_t::container_type(octets.begin(), octets.end()));
  }

  bool read_text(const Token& token, json& out) {
    std::string text = content(token);
    if (in_.format() == wire::Format::json && text.starts_with('\0')) {
      if (auto octets = wire::base64_decode(std::string_view(text).substr(1))) {
        out = binary(*octets);
        return true;
      }
    }
    out = std::move(text);
    return true;
  }

  bool read_array(json& out) {
    out = json::array();
    while (true) {
      Token token = in_.next();
      if (token.kind == Kind::array_end) return true;
      json item;
      if (!read(token, item)) return false;
      out.push_back(std::move(item));
    }
  }

  bool read_map(json& out) {
    out = json::object();
    while (true) {
      Token key = in_.next();
      if (key.kind == Kind::map_end) return true;
      if (key.kind == Kind::error) return false;
      json& slot = out[key_name(key)];
      if (!read(in_.next(), slot)) return false;
    }
  }

  std::string key_name(const Token& key) {
    if (key.kind == Kind::integer) return std::to_string(key.integer);
    if (key.kind == Kind::unsigned_integer) return std::to_string(key.unsigned_integer);
    return content(key);
  }

  wire::ValueReader& in_;
};

void write_object(const json& value, wire::ValueWriter& out) {
  out.begin_map(value.size());
  for (const auto& [name, item] : value.items()) {
    out.key(name);
    write_tree(item, out);
  }
  out.end_map();
}

void write_array(const json& value, wire::ValueWriter& out) {
  out.begin_array(value.size());
  for (const json& item : value) write_tree(item, out);
  out.end_array();
}

}  // namespace

void write_tree(const json& value, wire::ValueWriter& out) {
  switch (value.type()) {
    case json::value_t::boolean:
      return out.boolean(value.get<bool>());
    case json::value_t::number_integer:
      return out.integer(value.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return out.unsigned_integer(value.get<std::uint64_t>());
    case json::value_t::number_float:
      return out.floating(value.get<double>());
    case json::value_t::string:
      return out.text(value.get_ref<const std::string&>());
    case json::value_t::binary:
      return out.binary(value.get_binary());
    case json::value_t::array:
      return write_array(value, out);
    case json::value_t::object:
      return write_object(value, out);
    case json::value_t::null:
    case json::value_t::discarded:
      return out.null();
  }
}

Result<json> decode_value(SerializerId serializer, ByteSpan raw) {
  if (serializer == SerializerId::json && !wire::is_utf8(raw)) return fail("not valid JSON: it is not UTF-8");
  wire::AnyReader in(to_format(serializer), raw);
  json out;
  if (!TreeReader(*in).read(in->next(), out)) return tl::make_unexpected(Error{in->error()});
  if (!in->at_end()) return fail("octets follow behind the end of the {} value", to_string(to_format(serializer)));
  return out;
}

void encode_value(SerializerId serializer, const json& value, Buffer& out) {
  wire::ValueWriter writer(to_format(serializer), out);
  write_tree(value, writer);
}

}  // namespace transom::wamp
