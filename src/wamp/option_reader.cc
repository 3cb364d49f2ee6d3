#include "wamp/option_reader.h"

#include <algorithm>

#include "wamp/options.h"
#include "wamp/value.h"

namespace transom::wamp {

using wire::Kind;
using wire::Token;

OptionReader::OptionReader(SerializerId serializer, ByteSpan dict) : in_(to_format(serializer), dict) {
  if (in_->next().kind != Kind::map) error_ = "the options must be a dict";
}

int OptionReader::next(std::span<const std::string_view> names) {
  while (error_.empty()) {
    Token key = in_->next();
    if (key.kind == Kind::map_end) return kEnd;
    if (key.kind != Kind::text) {
      error_ = key.kind == Kind::error ? in_->error() : "the name of an option must be a string";
      return kEnd;
    }
    std::string decoded = key.encoded ? content(key) : std::string();
    std::string_view name = key.encoded ? decoded : as_text(key.octets);
    auto known = std::find(names.begin(), names.end(), name);
    if (known == names.end()) {
      if (in_->skip().kind == Kind::error) error_ = in_->error();
      continue;
    }
    auto index = known - names.begin();
    name_ = *known;
    if ((seen_ >> index & 1) != 0) refuse("it is there twice", "");
    seen_ |= std::uint32_t{1} << index;
    if (error_.empty()) return static_cast<int>(index);
  }
  return kEnd;
}

std::string OptionReader::content(const Token& token) {
  std::string text;
  in_->unpack(token, text);
  return text;
}

void OptionReader::refuse(std::string_view problem, std::string_view wanted) {
  error_ = wanted.empty() ? fmt::format("invalid option \"{}\": {}", name_, problem)
                          : fmt::format("{} for option \"{}\": {} is needed", problem, name_, wanted);
}

// Null is what JavaScript clients send for an option they leave out: as if it were not there.
Token OptionReader::value(Kind wanted, std::string_view what) {
  Token token = in_->next();
  if (token.kind == Kind::error) {
    error_ = fmt::format("invalid option \"{}\": {}", name_, in_->error());
  } else if (token.kind != wanted && token.kind != Kind::null) {
    refuse("invalid type", what);
    token.kind = Kind::error;
  }
  return token;
}

void OptionReader::boolean(bool& out) {
  Token token = value(Kind::boolean, "a boolean");
  if (token.kind == Kind::boolean) out = token.boolean;
}

void OptionReader::whole(std::uint64_t& out) {
  Token token = in_->next();
  if (token.kind == Kind::null) return;
  auto number = to_whole(token);
  if (!number) return refuse("invalid value", "an integer from 0 to 2^53");
  out = *number;
}

void OptionReader::id(std::optional<Id>& out) {
  Token token = in_->next();
  if (token.kind == Kind::null) return;
  out = to_id(token);
  if (!out) refuse("invalid value", "an id, an integer from 1 to 2^53,");
}

bool OptionReader::text(std::string& out) {
  Token token = value(Kind::text, "a string");
  if (token.kind == Kind::text) out = content(token);
  return token.kind == Kind::text;
}

void OptionReader::word(std::span<const std::string_view> words, std::size_t& out) {
  std::string text_value;
  if (!text(text_value)) return;
  auto found = std::find(words.begin(), words.end(), text_value);
  if (found == words.end()) return refuse("invalid value", fmt::format("one of {}", fmt::join(words, ", ")));
  out = static_cast<std::size_t>(found - words.begin());
}

// The next element of a list; false at its end.
bool OptionReader::element(Token& token) {
  token = in_->next();
  if (token.kind == Kind::error) error_ = fmt::format("invalid option \"{}\": {}", name_, in_->error());
  return token.kind != Kind::array_end && token.kind != Kind::error;
}

void OptionReader::id_list(std::optional<std::vector<Id>>& out) {
  Token token = value(Kind::array, "a list of session ids");
  if (token.kind != Kind::array) return;
  out.emplace();
  while (element(token)) {
    std::optional<Id> session = to_id(token);
    if (!session) return refuse("invalid entry", "an id, an integer from 1 to 2^53,");
    if (out->size() == kMaxOptionList) return refuse("the list has too many entries", "");
    out->push_back(*session);
  }
}

void OptionReader::text_list(std::optional<std::vector<std::string>>& out) {
  Token token = value(Kind::array, "a list of strings");
  if (token.kind != Kind::array) return;
  out.emplace();
  while (element(token)) {
    if (token.kind != Kind::text) return refuse("invalid entry", "a string");
    if (out->size() == kMaxOptionList) return refuse("the list has too many entries", "");
    out->push_back(content(token));
  }
}

void OptionReader::dict_list() {
  if (value(Kind::array, "a list of dicts").kind != Kind::array) return;
  while (true) {
    Kind kind = in_->skip().kind;
    if (kind == Kind::array_end) return;
    if (kind != Kind::map) return refuse("invalid entry", "a dict");
  }
}

void OptionReader::algorithm() {
  std::string name;
  if (!text(name) || name == "cryptobox" || name == "mqtt" || name == "xbr" || name.starts_with("x_")) return;
  refuse("invalid value", "cryptobox, mqtt, xbr or a name that begins with x_");
}

Status OptionReader::status() const {
  if (!error_.empty()) return tl::make_unexpected(Error{error_});
  return {};
}

}  // namespace transom::wamp
