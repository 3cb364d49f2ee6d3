#include "wamp/transcode.h"

#include <array>
#include <string>
#include <vector>

#include "wamp/value.h"
#include "wire/any_reader.h"
#include "wire/base64.h"
#include "wire/value_writer.h"

namespace transom::wamp {
namespace {

using wire::Kind;
using wire::Token;
using wire::ValueReader;

bool is_start(Kind kind) { return kind == Kind::array || kind == Kind::map; }
bool is_close(Kind kind) { return kind == Kind::array_end || kind == Kind::map_end; }

/// How many items each container has, in the order in which they start. The binary formats say it in front, JSON and
/// CBOR's indefinite lengths do not, so a first pass counts.
class Counts {
 public:
  void count(ValueReader& in) {
    std::array<std::size_t, wire::kMaxDepth> open{};
    std::size_t depth = 0;
    do {
      Token token = in.next();
      if (token.kind == Kind::error) return;
      if (is_close(token.kind)) {
        --depth;
        continue;
      }
      // In a map only the keys count.
      if (depth > 0 && (!at(open[depth - 1]).map || token.is_key)) ++at(open[depth - 1]).items;
      if (is_start(token.kind)) open[depth++] = add(token.kind == Kind::map);
    } while (depth > 0);
  }
  std::uint64_t next() { return at(taken_++).items; }

 private:
  struct Container {
    std::uint32_t items : 31;
    std::uint32_t map : 1;
  };
  Container& at(std::size_t i) { return i < few_.size() ? few_[i] : many_[i - few_.size()]; }
  std::size_t add(bool map) {
    Container fresh{0, map ? 1U : 0U};
    if (size_ < few_.size()) {
      few_[size_] = fresh;
    } else {
      many_.push_back(fresh);
    }
    return size_++;
  }

  std::array<Container, 64> few_;  // most values need no allocation
  std::vector<Container> many_;
  std::size_t size_ = 0, taken_ = 0;
};

class Transcoder {
 public:
  Transcoder(ValueReader& in, wire::ValueWriter out, Counts* counts) : in_(in), out_(out), counts_(counts) {}

  void run() {
    int depth = 0;
    do {
      Token token = in_.next();
      if (token.kind == Kind::error) return;
      if (is_start(token.kind)) ++depth;
      if (is_close(token.kind)) --depth;
      token.is_key ? write_key(token) : write(token);
    } while (depth > 0);
  }

 private:
  std::string_view content(const Token& token) {
    if (!token.encoded) return as_text(token.octets);
    in_.unpack(token, scratch_);
    return scratch_;
  }

  std::uint64_t count_of(const Token& token) { return counts_ == nullptr ? token.count : counts_->next(); }

  void write_key(const Token& token) {
    switch (token.kind) {
      case Kind::integer:
        return out_.integer_key(token.integer);
      case Kind::unsigned_integer:
        return out_.unsigned_key(token.unsigned_integer);
      default:
        return out_.key(content(token));
    }
  }

  void write(const Token& token) {
    switch (token.kind) {
      case Kind::null:
        return out_.null();
      case Kind::boolean:
        return out_.boolean(token.boolean);
      case Kind::integer:
        return out_.integer(token.integer);
      case Kind::unsigned_integer:
        return out_.unsigned_integer(token.unsigned_integer);
      case Kind::floating:
        return out_.floating(token.floating);
      case Kind::text:
        return write_text(token);
      case Kind::binary:
        return out_.binary(as_bytes(content(token)));
      case Kind::array:
        return out_.begin_array(count_of(token));
      case Kind::map:
        return out_.begin_map(count_of(token));
      case Kind::array_end:
        return out_.end_array();
      case Kind::map_end:
        return out_.end_map();
      case Kind::error:
        return;
    }
  }

  // A JSON string of NUL and base64 is binary. NUL is always escaped there, so plain strings need no look.
  void write_text(const Token& token) {
    std::string_view text = content(token);
    if (in_.format() == wire::Format::json && token.encoded && text.starts_with('\0')) {
      if (auto octets = wire::base64_decode(text.substr(1))) return out_.binary(as_bytes(*octets));
    }
    out_.text(text);
  }

  ValueReader& in_;
  wire::ValueWriter out_;
  Counts* counts_;
  std::string scratch_;
};

}  // namespace

void transcode(SerializerId from, ByteSpan value, SerializerId to, Buffer& out) {
  if (from == to) return out.append(value);
  wire::AnyReader in(to_format(from), value);
  wire::ValueWriter writer(to_format(to), out);
  if (to == SerializerId::json || from == SerializerId::msgpack) return Transcoder(*in, writer, nullptr).run();
  Counts counts;
  wire::AnyReader counted(to_format(from), value);
  counts.count(*counted);
  Transcoder(*in, writer, &counts).run();
}

}  // namespace transom::wamp
