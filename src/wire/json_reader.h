// Reads one JSON value (RFC 8259, strictly). Text begins with NUL where it stands for binary (see wamp/transcode.h);
// that is left to the caller. UTF-8 is not checked here: check the whole text once, with is_utf8.
#pragma once
#include "wire/value.h"

namespace transom::wire {

class JsonReader final : public ValueReader {
 public:
  explicit JsonReader(ByteSpan input) : ValueReader(Format::json, input) {}
  Token next() override;
  RawValue skip(int string_key_levels = 0) override;
  bool at_end() override;
  void unpack(const Token& token, std::string& out) const override;

 private:
  // What may stand at the position: a value, the first item of a container or its end, or a separator or the end.
  enum class Due : std::uint8_t { value, first, separator };

  bool in_map() const { return (maps_ & 1) != 0; }
  bool arrive(Token& token);
  bool take(Token& token);
  bool take_text(Token& token);
  bool take_key(Token& token);
  bool take_number(Token& token);
  bool take_literal(Token& token);
  bool open(bool map);
  void close();

  bool pass_value();
  bool pass_scalar(const std::uint8_t*& p);
  bool pass_text(const std::uint8_t*& p);
  bool pass_key(const std::uint8_t*& p);
  bool fail_at(const std::uint8_t* p, const char* reason);

  std::uint64_t maps_ = 0;  // one bit per open container, the innermost lowest, set for maps
  Due due_ = Due::value;
};

}  // namespace transom::wire
