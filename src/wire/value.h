// What the JSON, MessagePack and CBOR readers have in common: a value as a stream of tokens, without a tree.
//
//   value = null | boolean | number | text | binary | array { value } array_end | map { key value } map_end
//   key   = text | integer (is_key set)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace transom::wire {

enum class Format : std::uint8_t { json, msgpack, cbor };
std::string_view to_string(Format format);

/// Deepest nesting of arrays and maps that a reader accepts.
inline constexpr int kMaxDepth = 64;

enum class Kind : std::uint8_t {
  error,  // malformed; the reader's error() says why
  null,
  boolean,
  integer,           // in the range of int64
  unsigned_integer,  // above it, in the range of uint64
  floating,          // floats, and integers beyond 64 bits
  text,
  binary,
  array,
  map,
  array_end,
  map_end,
};
std::string_view to_string(Kind kind);

inline constexpr std::uint64_t kUnknownCount = ~std::uint64_t{0};

struct Token {
  Kind kind = Kind::error;
  bool is_key = false;   // a key of the map around it
  bool encoded = false;  // octets hold escapes (JSON) or chunks (CBOR): ValueReader::unpack gives the content
  bool boolean = false;
  union {
    std::int64_t integer = 0;
    std::uint64_t unsigned_integer;
    double floating;
    std::uint64_t count;  // array, map: elements or pairs; kUnknownCount where the format does not say
  };
  ByteSpan octets;  // text, binary: the content
};

/// A whole value as it stands in the input.
struct RawValue {
  Kind kind = Kind::error;  // array_end or map_end: the container had no further value
  ByteSpan octets;
};

/// Reads one value, token by token, and accepts nothing malformed. The input must outlive the reader and the tokens.
/// After an error token nothing further may be read.
class ValueReader {
 public:
  virtual ~ValueReader() = default;
  /// The next token; must not be called behind the end of the outermost value.
  virtual Token next() = 0;
  /// Passes over the next value, validating it. Keys of maps in the outermost `string_key_levels` levels of that value
  /// must be strings (in JSON all are). Must not be called where a key is due.
  virtual RawValue skip(int string_key_levels = 0) = 0;
  /// Whether the input ends here, as it should behind the outermost value.
  virtual bool at_end() = 0;
  /// Replaces `out` by the content of a text or binary token, decoded.
  virtual void unpack(const Token& token, std::string& out) const = 0;

  /// Why the last token was an error, e.g. `not valid JSON at octet 17: a string has no end`.
  std::string error() const;
  Format format() const { return format_; }

 protected:
  ValueReader(Format format, ByteSpan input)
      : position_(input.data()), end_(input.data() + input.size()), begin_(input.data()), format_(format) {}
  ValueReader(const ValueReader&) = default;
  ValueReader& operator=(const ValueReader&) = default;

  bool fail(const char* reason) {
    reason_ = reason;
    return false;
  }
  std::size_t left() const { return static_cast<std::size_t>(end_ - position_); }

  const std::uint8_t* position_;
  const std::uint8_t* end_;
  int depth_ = 0;

 private:
  const std::uint8_t* begin_;
  const char* reason_ = "";
  Format format_;
};

}  // namespace transom::wire
