#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace transom::cli {
namespace {

constexpr int kUsageError = 2;

/// CLI11's help with our own first line: it does not know of the positional words.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(const std::string& usage) : usage_(usage) {}
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return "Usage: " + usage_ + "\n";
  }

 private:
  const std::string& usage_;
};

/// A word of digits behind a dash is a number, not an option.
bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
}

/// What an unset variable of a shell makes of an option: never what leaving it out means, so it is refused everywhere.
[[noreturn]] void refuse_empty(const std::string& option, const std::string& placeholder) {
  const std::string what = fmt::format("{} is empty: leave it out or give it a value, {}", option, placeholder);
  throw CLI::ValidationError(what, CLI::ExitCodes::ValidationError);
}

}  // namespace

struct Arguments::Parser {
  CLI::App app;
};

Arguments::Arguments(std::string name, std::string summary, std::string example, std::vector<std::string> line)
    : name_(std::move(name)),
      line_(std::move(line)),
      usage_("transom " + name_ + " [OPTIONS]"),
      parser_(std::make_unique<Parser>()) {
  parser_->app.description(std::move(summary));
  parser_->app.footer("Example:\n  " + std::move(example));
  parser_->app.formatter(std::make_shared<HelpFormatter>(usage_));
  // CLI11 would split a positional word such as [1,2] at its commas, so that it gets to see none.
  parser_->app.allow_extras();
}

Arguments::~Arguments() = default;

void Arguments::flag(const char* name, bool& to, const char* help) { parser_->app.add_flag(name, to, help); }

void Arguments::text(const char* name, std::optional<std::string>& to, const char* placeholder, const char* help) {
  parser_->app
      .add_option_function<std::string>(
          name,
          [&to, option = std::string(name), wanted = std::string(placeholder)](const std::string& value) {
            if (value.empty()) refuse_empty(option, wanted);
            to = value;
          },
          help)
      ->type_name(placeholder);
}

void Arguments::choice(const char* name, std::string& to, const std::vector<std::string>& allowed, const char* help) {
  parser_->app.add_option(name, to, help)->check(CLI::IsMember(allowed))->capture_default_str();
}

void Arguments::number(const char* name, std::optional<std::int64_t>& to, std::int64_t least, std::int64_t most,
                       const char* placeholder, const char* help) {
  parser_->app
      .add_option_function<std::int64_t>(
          name, [&to](const std::int64_t& value) { to = value; }, help)
      ->check(CLI::Range(least, most))
      ->type_name(placeholder);
}

void Arguments::list(const char* name, std::vector<std::string>& to, const char* placeholder, const char* help) {
  parser_->app.add_option(name, to, help)->type_name(placeholder);
}

void Arguments::word(const char* placeholder, std::string& to) {
  word_places_.emplace_back(placeholder, &to);
  usage_ += std::string(" ") + placeholder;
}

void Arguments::words(const char* placeholder, std::vector<std::string>& to) {
  rest_ = &to;
  usage_ += std::string(" [") + placeholder + "...]";
}

/// CLI11 takes the next word for the value of `--user=`.
void Arguments::refuse_nothing_behind_equals() const {
  for (const std::string& word : line_) {
    if (word == "--") return;
    if (word.empty() || word.back() != '=' || !looks_like_option(word)) continue;
    const CLI::Option* option = parser_->app.get_option_no_throw(word.substr(0, word.size() - 1));
    if (option != nullptr) refuse_empty(option->get_name(), option->get_type_name());
  }
}

std::string Arguments::distribute(const std::vector<std::string>& words) {
  std::size_t place = 0;
  bool options_over = false;
  for (const std::string& word : words) {
    if (!options_over && word == "--") {
      options_over = true;
    } else if (!options_over && looks_like_option(word)) {
      return fmt::format("there is no option {}", word);
    } else if (place < word_places_.size()) {
      *word_places_[place++].second = word;
    } else if (rest_ != nullptr) {
      rest_->push_back(word);
    } else {
      return fmt::format("\"{}\" is one word too many", word);
    }
  }
  return place < word_places_.size() ? fmt::format("{} is missing", word_places_[place].first) : "";
}

std::optional<int> Arguments::parse() {
  std::string problem;
  try {
    refuse_nothing_behind_equals();
    parser_->app.parse(std::vector<std::string>(line_.rbegin(), line_.rend()));  // CLI11 takes them from the back
    problem = distribute(parser_->app.remaining());
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", parser_->app.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    problem = error.what();
  }
  if (problem.empty()) return std::nullopt;
  fmt::print(stderr, "transom {}: {}\n{}\nSee transom {} --help.\n", name_, problem, "Usage: " + usage_, name_);
  return kUsageError;
}

}  // namespace transom::cli
