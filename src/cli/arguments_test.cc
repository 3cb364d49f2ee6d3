#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_error.h"
#include "cli/client_options.h"
#include "cli/commands.h"

namespace transom::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;

struct Line {
  explicit Line(std::vector<std::string> line) : arguments("call", "Calls.", "transom call x", std::move(line)) {
    arguments.word("URI", uri);
    arguments.words("ARG", words);
    arguments.text("--kwargs", kwargs, "JSON", "Keyword arguments");
    arguments.choice("--match", match, {"exact", "prefix"}, "How");
    arguments.number("--count", count, 1, 9, "N", "How many");
    arguments.flag("--json", as_json, "As JSON");
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    code = arguments.parse();
    out = testing::internal::GetCapturedStdout();
    error = testing::internal::GetCapturedStderr();
  }
  Arguments arguments;
  std::string uri, match = "exact", out, error;
  std::vector<std::string> words;
  std::optional<std::string> kwargs;
  std::optional<std::int64_t> count;
  bool as_json = false;
  std::optional<int> code;
};

TEST(Arguments, WordsAndOptionsInAnyOrder) {
  const Line line({"com.x", "--count", "3", "1", "--kwargs", R"({"a":[1,2]})", "two", "--json", "--match=prefix"});
  EXPECT_FALSE(line.code) << line.error;
  EXPECT_EQ(line.uri, "com.x");
  EXPECT_THAT(line.words, ElementsAre("1", "two"));
  EXPECT_EQ(line.kwargs, R"({"a":[1,2]})");
  EXPECT_EQ(line.count, 3);
  EXPECT_EQ(line.match, "prefix");
  EXPECT_TRUE(line.as_json);
}

TEST(Arguments, JsonWordsStayWhole) {
  const Line line({"com.x", "[1,2]", "{}", "[]", "-1", "-1.5e3", "", "-", "start", "--kwargs", "[7]", "--", "--json"});
  EXPECT_FALSE(line.code) << line.error;
  EXPECT_THAT(line.words, ElementsAre("[1,2]", "{}", "[]", "-1", "-1.5e3", "", "-", "start", "--json"));
  EXPECT_EQ(line.kwargs, "[7]");
  EXPECT_FALSE(line.as_json);
}

TEST(Arguments, SaysWhatIsWrong) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "URI is missing"},
      {{"com.x", "--colour"}, "there is no option --colour"},
      {{"com.x", "-j"}, "there is no option -j"},
      {{"com.x", "--count", "0"}, "--count"},
      {{"com.x", "--count", "many"}, "--count"},
      {{"com.x", "--match", "regex"}, "--match"},
      {{"com.x", "--kwargs"}, "--kwargs"},
      {{"com.x", "--kwargs", ""}, "--kwargs is empty: leave it out or give it a value, JSON"},
      {{"com.x", "--kwargs=", "--json"}, "--kwargs is empty: leave it out or give it a value, JSON"},
      {{"com.x", "--count", ""}, "--count"},
      {{"com.x", "--match", ""}, "--match"},
  };
  for (const auto& [words, expected] : cases) {
    const Line line(words);
    EXPECT_EQ(line.code, 2) << expected;
    EXPECT_THAT(line.error, testing::HasSubstr(expected));
    EXPECT_THAT(line.error, testing::HasSubstr("Usage: transom call [OPTIONS] URI [ARG...]"));
  }
}

TEST(Arguments, HelpShowsUsageAndExample) {
  const Line line({"--help"});
  EXPECT_EQ(line.code, 0);
  EXPECT_THAT(line.out, testing::HasSubstr("Usage: transom call [OPTIONS] URI [ARG...]"));
  EXPECT_THAT(line.out, testing::HasSubstr("Example:\n  transom call x"));
  EXPECT_THAT(line.out, testing::HasSubstr("--kwargs JSON"));
}

TEST(Commands, EveryOneHasHelpWithItsExample) {
  for (const Command& command : commands()) {
    std::vector<std::string> line;
    const std::string name(command.name);
    const auto space = name.find(' ');
    line.push_back(name.substr(0, space));
    if (space != std::string::npos) line.push_back(name.substr(space + 1));
    line.emplace_back("--help");
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_line(line), 0) << name;
    EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::HasSubstr(std::string(command.example)));
  }
}

TEST(Commands, AnUnknownOneGetsANearName) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_line({"strat"}), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("did you mean \"start\"?"));
}

TEST(ClientOptions, WordsBecomeJsonWhereTheyAreJson) {
  EXPECT_EQ(parse_arguments({"1", "hi", "\"hi\"", "[1,{\"a\":null}]", "true", "18446744073709551615", "1.0", "{bad"}),
            json::parse(R"([1,"hi","hi",[1,{"a":null}],true,18446744073709551615,1.0,"{bad"])"));
  EXPECT_EQ(parse_kwargs(std::nullopt), json());
  EXPECT_EQ(parse_kwargs(R"({"a":1})"), json::parse(R"({"a":1})"));
  EXPECT_THROW(parse_kwargs("[1]"), CliError);
  EXPECT_THROW(parse_kwargs("{"), CliError);
}

TEST(ClientOptions, RefusesWhatIsNoNode) {
  for (const char* url : {"https://localhost/", "localhost", "wss://", "ws://host:99999/"}) {
    ClientOptions options;
    options.url = url;
    EXPECT_THROW(resolve_target(options), CliError) << url;
  }
  ClientOptions options;
  options.url = "wss://example.com/ws";
  EXPECT_EQ(resolve_target(options).trust.ca_file, "");
  EXPECT_EQ(resolve_target(options).url.port, 443);
}

}  // namespace
}  // namespace transom::cli
