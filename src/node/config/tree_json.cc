// JSON (RFC 8259) into a positioned tree: nlohmann's SAX reader over an iterator that knows how far it has come.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "node/config/tree.h"

namespace transom::node {
namespace {

/// Walks over the text and writes the number of octets taken into a counter outside, since the reader keeps its own
/// copy of the iterator.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* taken_;
};

/// Line and column of growing offsets.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  Position at(std::size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < offset_) offset_ = line_start_ = 0, line_ = 1;
    for (; offset_ < offset; ++offset_) {
      if (text_[offset_] == '\n') ++line_, line_start_ = offset_ + 1;
    }
    return {line_, static_cast<int>(offset - line_start_) + 1};
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0, line_start_ = 0;
  int line_ = 1;
};

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_number_part(char c) {
  return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

/// The reader calls a function just after it has taken the token, so a token starts behind the one before it and the
/// space and separators in between. Only a number has one octet more taken, the one that ends it.
class TreeHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeHandler(std::string_view text, const std::size_t& taken, ConfigTreeBuilder& builder)
      : text_(text), taken_(taken), builder_(builder), lines_(text) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") end_ = 3;
  }

  bool null() override { return builder_.add(scalar(ConfigValue::Kind::null)); }
  bool boolean(bool truth) override {
    ConfigValue value = scalar(ConfigValue::Kind::boolean);
    value.boolean = truth;
    return builder_.add(std::move(value));
  }
  bool number_integer(number_integer_t integer) override {
    ConfigValue value = number(ConfigValue::Kind::integer);
    value.integer = integer;
    return builder_.add(std::move(value));
  }
  bool number_unsigned(number_unsigned_t integer) override {
    const bool fits = integer <= static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    if (fits) return number_integer(static_cast<number_integer_t>(integer));
    return number_float(static_cast<double>(integer), "");
  }
  bool number_float(number_float_t fraction, const string_t&) override {
    ConfigValue value = number(ConfigValue::Kind::number);
    value.number = fraction;
    return builder_.add(std::move(value));
  }
  bool string(string_t& text) override {
    ConfigValue value = scalar(ConfigValue::Kind::string);
    value.text = std::move(text);
    return builder_.add(std::move(value));
  }
  bool binary(binary_t&) override { return false; }  // never in a text
  bool start_object(std::size_t) override { return builder_.open(scalar(ConfigValue::Kind::dict)); }
  bool start_array(std::size_t) override { return builder_.open(scalar(ConfigValue::Kind::list)); }
  bool key(string_t& name) override {
    builder_.key(take_token(), std::move(name));
    return true;
  }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& problem) override {
    // The library's text is "[json.exception...] parse error at line 1, column 2: what; last read: ...".
    std::string what = problem.what();
    if (const auto place = what.find(": "); place != std::string::npos) what.erase(0, place + 2);
    const bool within_token =
        what.find("; last read") != std::string::npos && what.find("invalid") != std::string::npos;
    std::size_t offset = within_token && taken_ > 0 ? taken_ - 1 : skip_space(end_);
    const bool separator = offset < text_.size() && (text_[offset] == ',' || text_[offset] == ':');
    if (!within_token && separator && skip_space(offset + 1) < taken_) offset = skip_space(offset + 1);
    const std::string hint =
        text_.substr(std::min(offset, text_.size()), 1) == "/" || text_.substr(std::min(offset, text_.size()), 1) == "#"
            ? "JSON has no comments; a config.yaml may have them"
            : "";
    builder_.error(lines_.at(offset), "this is no proper JSON: " + what, hint);
    return false;
  }

 private:
  std::size_t skip_space(std::size_t offset) const {
    while (offset < text_.size() && is_json_space(text_[offset])) ++offset;
    return offset;
  }
  std::size_t token_start() const {
    std::size_t offset = skip_space(end_);
    const bool separator = offset < text_.size() && (text_[offset] == ',' || text_[offset] == ':');
    return separator ? skip_space(offset + 1) : offset;
  }
  Position take_token() {
    const std::size_t start = token_start();
    end_ = taken_;
    return lines_.at(start);
  }
  ConfigValue scalar(ConfigValue::Kind kind) {
    ConfigValue value;
    value.kind = kind;
    value.at = take_token();
    return value;
  }
  ConfigValue number(ConfigValue::Kind kind) {
    const std::size_t start = token_start();
    ConfigValue value = scalar(kind);
    for (end_ = start; end_ < text_.size() && is_number_part(text_[end_]);) ++end_;
    return value;
  }
  bool end() {
    end_ = taken_;
    builder_.close();
    return true;
  }

  std::string_view text_;
  const std::size_t& taken_;
  ConfigTreeBuilder& builder_;
  LineCounter lines_;
  std::size_t end_ = 0;  // of the last token
};

}  // namespace

ConfigValue parse_json_config(std::string_view text, const std::string& file, std::vector<Diagnostic>& diagnostics) {
  ConfigTreeBuilder builder(file, diagnostics, false);
  std::size_t taken = 0;
  TreeHandler handler(text, taken, builder);
  const CountingIterator begin(text.data(), &taken), end(text.data() + text.size(), &taken);
  if (!nlohmann::json::sax_parse(begin, end, &handler)) return {};
  return builder.take_root();
}

}  // namespace transom::node
