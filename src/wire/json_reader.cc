#include "wire/json_reader.h"

#include "wire/json_scan.h"
#include "wire/json_text.h"

namespace transom::wire {
namespace {

constexpr const char* kEndsEarly = "the text ends too early";
constexpr const char* kBadString = "a string has no end, a control character or a bad escape";
constexpr const char* kTooDeep = "it is nested too deeply";
constexpr const char* kNoValue = "a value is needed";
constexpr const char* kBadKey = "a key must be a string";
constexpr const char* kNoColon = "a colon is needed behind a key";
constexpr const char* kNoSeparator = "a comma or the end of the list or dict is needed";

Kind kind_of(std::uint8_t first) {
  switch (first) {
    case '"':
      return Kind::text;
    case '{':
      return Kind::map;
    case '[':
      return Kind::array;
    case 'n':
      return Kind::null;
    case 't':
    case 'f':
      return Kind::boolean;
    default:
      return Kind::integer;
  }
}

// The octet that ends the innermost container.
std::uint8_t closing(std::uint64_t maps) { return (maps & 1) != 0 ? '}' : ']'; }

}  // namespace

Token JsonReader::next() {
  Token token;
  if (!arrive(token)) return token;
  bool good = in_map() && due_ != Due::value ? take_key(token) : take(token);
  if (!good) token.kind = Kind::error;
  return token;
}

// Moves to the next value or key. False when there is none: `token` says why.
bool JsonReader::arrive(Token& token) {
  position_ = scan_json_space(position_, end_);
  if (position_ == end_) return fail(kEndsEarly);
  if (due_ == Due::value) return true;
  if (*position_ == (in_map() ? '}' : ']') && depth_ > 0) {
    token.kind = in_map() ? Kind::map_end : Kind::array_end;
    close();
    return false;
  }
  if (due_ == Due::first) return true;
  if (*position_ != ',' || depth_ == 0) return fail(kNoSeparator);
  position_ = scan_json_space(position_ + 1, end_);
  return position_ != end_ || fail(kEndsEarly);
}

bool JsonReader::open(bool map) {
  if (depth_ == kMaxDepth) return fail(kTooDeep);
  ++depth_;
  ++position_;
  maps_ = maps_ << 1 | (map ? 1 : 0);
  due_ = Due::first;
  return true;
}

void JsonReader::close() {
  --depth_;
  ++position_;
  maps_ >>= 1;
  due_ = Due::separator;
}

bool JsonReader::take(Token& token) {
  switch (*position_) {
    case '"':
      token.kind = Kind::text;
      return take_text(token);
    case '{':
    case '[':
      token.kind = *position_ == '{' ? Kind::map : Kind::array;
      token.count = kUnknownCount;
      return open(token.kind == Kind::map);
    case 't':
    case 'f':
    case 'n':
      return take_literal(token);
    default:
      return take_number(token);
  }
}

bool JsonReader::take_text(Token& token) {
  const std::uint8_t* start = position_ + 1;
  const std::uint8_t* quote = scan_json_string(start, end_, token.encoded);
  if (quote == nullptr) return fail(kBadString);
  token.octets = {start, quote};
  position_ = quote + 1;
  due_ = Due::separator;
  return true;
}

bool JsonReader::take_key(Token& token) {
  if (*position_ != '"') return fail(kBadKey);
  token.kind = Kind::text;
  token.is_key = true;
  if (!take_text(token)) return false;
  position_ = scan_json_space(position_, end_);
  if (position_ == end_ || *position_ != ':') return fail(kNoColon);
  ++position_;
  due_ = Due::value;
  return true;
}

bool JsonReader::take_number(Token& token) {
  bool integral = true;
  const std::uint8_t* behind = scan_json_number(position_, end_, integral);
  if (behind == nullptr) return fail(kNoValue);
  set_number({position_, behind}, integral, token);
  position_ = behind;
  due_ = Due::separator;
  return true;
}

bool JsonReader::take_literal(Token& token) {
  const std::uint8_t* behind = scan_json_literal(position_, end_);
  if (behind == nullptr) return fail(kNoValue);
  token.kind = *position_ == 'n' ? Kind::null : Kind::boolean;
  token.boolean = *position_ == 't';
  position_ = behind;
  due_ = Due::separator;
  return true;
}

RawValue JsonReader::skip(int) {
  Token token;
  if (!arrive(token)) return {token.kind, {}};
  const std::uint8_t* start = position_;
  if (!pass_value()) return {};
  due_ = Due::separator;
  return {kind_of(*start), {start, position_}};
}

// Passes over a whole value without making tokens of its parts. The hot loop of every JSON message, so its state is in
// local variables: the levels above `base` are those of the value.
bool JsonReader::pass_value() {
  const std::uint8_t *p = position_, *const end = end_;
  std::uint64_t maps = maps_;
  const int base = depth_;
  int depth = base;
  while (true) {
    p = scan_json_space(p, end);
    if (p == end) return fail_at(p, kEndsEarly);
    if (*p == '{' || *p == '[') {
      if (depth == kMaxDepth) return fail_at(p, kTooDeep);
      ++depth;
      maps = maps << 1 | (*p == '{' ? 1 : 0);
      p = scan_json_space(p + 1, end);
      if (p == end) return fail_at(p, kEndsEarly);
      if (*p != closing(maps)) {
        if ((maps & 1) != 0 && !pass_key(p)) return false;
        continue;
      }
    } else if (!pass_scalar(p)) {
      return false;
    }
    // Behind a value, or at the end of an empty container: close what ends here.
    while (depth > base) {
      p = scan_json_space(p, end);
      if (p == end) return fail_at(p, kEndsEarly);
      if (*p == ',') break;
      if (*p != closing(maps)) return fail_at(p, kNoSeparator);
      ++p;
      --depth;
      maps >>= 1;
    }
    if (depth == base) {
      position_ = p;
      return true;
    }
    p = scan_json_space(p + 1, end);
    if ((maps & 1) != 0 && !pass_key(p)) return false;
  }
}

bool JsonReader::fail_at(const std::uint8_t* p, const char* reason) {
  position_ = p;
  return fail(reason);
}

inline bool JsonReader::pass_text(const std::uint8_t*& p) {
  bool escaped = false;
  const std::uint8_t* quote = scan_json_string(p + 1, end_, escaped);
  if (quote == nullptr) return fail_at(p, kBadString);
  p = quote + 1;
  return true;
}

inline bool JsonReader::pass_scalar(const std::uint8_t*& p) {
  if (*p == '"') return pass_text(p);
  bool integral = true;
  const std::uint8_t* behind = *p >= 'a' ? scan_json_literal(p, end_) : scan_json_number(p, end_, integral);
  if (behind == nullptr) return fail_at(p, kNoValue);
  p = behind;
  return true;
}

// Passes over a key and its colon.
inline bool JsonReader::pass_key(const std::uint8_t*& p) {
  if (p == end_ || *p != '"') return fail_at(p, kBadKey);
  if (!pass_text(p)) return false;
  p = scan_json_space(p, end_);
  if (p == end_ || *p != ':') return fail_at(p, kNoColon);
  ++p;
  return true;
}

bool JsonReader::at_end() {
  position_ = scan_json_space(position_, end_);
  return position_ == end_;
}

void JsonReader::unpack(const Token& token, std::string& out) const {
  out.clear();
  if (token.encoded) return append_unescaped(token.octets, out);
  out.append(as_text(token.octets));
}

}  // namespace transom::wire
