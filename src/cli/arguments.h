// What a command takes from its line: declared by the command, read by CLI11 behind this header.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::cli {

/// The arguments of one command. The command declares where each goes, then calls `parse` once; the places must live
/// until then.
class Arguments {
 public:
  /// `name` is the whole command ("ca trust"), `line` what stands behind it.
  Arguments(std::string name, std::string summary, std::string example, std::vector<std::string> line);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  // Options, `name` with its dashes. An empty value is refused: it is what an unset variable of a shell comes to.
  void flag(const char* name, bool& to, const char* help);
  void text(const char* name, std::optional<std::string>& to, const char* placeholder, const char* help);
  void choice(const char* name, std::string& to, const std::vector<std::string>& allowed, const char* help);
  void number(const char* name, std::optional<std::int64_t>& to, std::int64_t least, std::int64_t most,
              const char* placeholder, const char* help);
  /// One or more words up to the next option; the option may be repeated.
  void list(const char* name, std::vector<std::string>& to, const char* placeholder, const char* help);
  // Positional words, in this order: some that are needed, then one list of all the others.
  void word(const char* placeholder, std::string& to);
  void words(const char* placeholder, std::vector<std::string>& to);

  /// Nothing when all is well, else the exit code: help was asked for and printed, or the line is wrong and that was
  /// said.
  std::optional<int> parse();

  const std::vector<std::string>& line() const { return line_; }

 private:
  struct Parser;
  /// Gives the words to their places; the text says what is wrong, if anything.
  std::string distribute(const std::vector<std::string>& words);
  void refuse_nothing_behind_equals() const;

  std::string name_;
  std::vector<std::string> line_;
  std::vector<std::pair<std::string, std::string*>> word_places_;
  std::vector<std::string>* rest_ = nullptr;
  std::string usage_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace transom::cli
