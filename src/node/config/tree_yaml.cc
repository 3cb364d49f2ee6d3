// YAML into a positioned tree. Scalars follow YAML 1.2's core schema, where YAML 1.1 (which Crossbar reads) and 1.2
// agree: true/false, null, decimal and hexadecimal integers (with underscores), floats. Plain yes/no/on/off stay
// strings marked `plain`, which a boolean field takes as Crossbar does. Quoted scalars are always strings.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <map>
#include <sstream>

#include "node/config/tree.h"

namespace transom::node {
namespace {

Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool parse_integer(std::string text, std::int64_t& result) {
  const bool negative = text.substr(0, 1) == "-";
  if (negative || text.substr(0, 1) == "+") text.erase(0, 1);
  if (text.empty() || text.front() == '_') return false;
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  const bool hexadecimal = text.substr(0, 2) == "0x";
  // A leading zero means octal in YAML 1.1 and nothing in 1.2: too doubtful to be a number.
  if (!hexadecimal && text.size() > 1 && text.front() == '0') return false;
  if (hexadecimal) text.erase(0, 2);
  if (negative) text.insert(0, "-");
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), result, hexadecimal ? 16 : 10);
  return failure == std::errc() && end == text.data() + text.size();
}

bool parse_float(const std::string& text, double& result) {
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos &&
                       text.find_first_of("0123456789") != std::string::npos;
  if (!numeric) return false;
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const auto [end, failure] = std::from_chars(begin, text.data() + text.size(), result);
  return failure == std::errc() && end == text.data() + text.size();
}

/// A leading zero before another digit, as in a phone number or an octal mode.
bool has_leading_zero(const std::string& text) {
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

void resolve_plain(ConfigValue& value) {
  value.plain = true;
  if (is_one_of(value.text, {"", "~", "null", "Null", "NULL"})) {
    value.kind = ConfigValue::Kind::null;
  } else if (is_one_of(value.text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    value.kind = ConfigValue::Kind::boolean;
    value.boolean = value.text[0] == 't' || value.text[0] == 'T';
  } else if (parse_integer(value.text, value.integer)) {
    value.kind = ConfigValue::Kind::integer;
  } else if (!has_leading_zero(value.text) && parse_float(value.text, value.number)) {
    value.kind = ConfigValue::Kind::number;
  }
}

class TreeHandler : public YAML::EventHandler {
 public:
  explicit TreeHandler(ConfigTreeBuilder& builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { OnScalar(mark, "?", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return stop(mark, "this alias stands inside of what it means");
    if (builder_.wants_key()) return add_key(mark, known->second);
    if (!builder_.add(known->second)) throw Stopped();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    ConfigValue value;
    value.at = position(mark);
    value.kind = ConfigValue::Kind::string;
    value.text = text;
    if (tag == "?" || tag.empty())
      resolve_plain(value);
    else if (tag != "!" && tag != "tag:yaml.org,2002:str")
      return stop(mark, fmt::format("unknown tag \"{}\"", tag));
    if (anchor != 0) anchors_[anchor] = value;
    if (builder_.wants_key()) return add_key(mark, value);
    if (!builder_.add(std::move(value))) throw Stopped();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, ConfigValue::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, ConfigValue::Kind::dict);
  }
  void OnMapEnd() override { close(); }

  /// Leaves the reader from within; the problem is reported already.
  struct Stopped {};

 private:
  void stop(const YAML::Mark& mark, std::string message) {
    builder_.error(position(mark), std::move(message));
    throw Stopped();
  }
  void add_key(const YAML::Mark& mark, const ConfigValue& key) {
    if (key.is(ConfigValue::Kind::list) || key.is(ConfigValue::Kind::dict)) return stop(mark, "a key must be a string");
    builder_.key(position(mark), key.text);
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, ConfigValue::Kind kind) {
    if (builder_.wants_key()) return stop(mark, "a key must be a string");
    ConfigValue value;
    value.at = position(mark);
    value.kind = kind;
    if (!builder_.open(std::move(value))) throw Stopped();
    open_anchors_.push_back(anchor);
  }
  void close() {
    const ConfigValue& closed = builder_.close();
    const YAML::anchor_t anchor = open_anchors_.back();
    open_anchors_.pop_back();
    if (anchor == 0) return;
    // Anchors within anchors hold copies of copies, so they have a budget of their own.
    kept_values_ += count_values(closed);
    if (kept_values_ > kMaxConfigValues) {
      builder_.error(closed.at, fmt::format("the anchors hold more than {} values", kMaxConfigValues));
      throw Stopped();
    }
    anchors_[anchor] = closed;
  }

  ConfigTreeBuilder& builder_;
  std::map<YAML::anchor_t, ConfigValue> anchors_;
  std::vector<YAML::anchor_t> open_anchors_;
  std::size_t kept_values_ = 0;
};

}  // namespace

ConfigValue parse_yaml_config(std::string_view text, const std::string& file, std::vector<Diagnostic>& diagnostics) {
  ConfigTreeBuilder builder(file, diagnostics, true);
  TreeHandler handler(builder);
  // yaml-cpp reports by exceptions; none leaves this function.
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(handler)) return {};
    ConfigValue root = builder.take_root();
    ConfigTreeBuilder ignored(file, diagnostics, true);
    TreeHandler second(ignored);
    if (parser.HandleNextDocument(second)) builder.error({}, "the file holds more than one YAML document");
    return root;
  } catch (const TreeHandler::Stopped&) {
  } catch (const YAML::Exception& problem) {
    builder.error(position(problem.mark), "this is no proper YAML: " + problem.msg);
  }
  return {};
}

}  // namespace transom::node
