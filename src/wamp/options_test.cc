#include "wamp/options.h"

#include <gmock/gmock.h>

#include <string>

#include "wamp/wamp_testing.h"

namespace transom::wamp {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// Reads the same options in each serialization; the last one's result, all being alike.
template <typename Read>
auto read_all(const json& dict, Read read) {
  for (SerializerId serializer : {SerializerId::msgpack, SerializerId::cbor}) {
    std::string octets = oracle_encode(serializer, dict);
    std::string text = dict.dump();
    auto here = read(serializer, as_bytes(octets)), there = read(SerializerId::json, as_bytes(text));
    EXPECT_EQ(here.has_value(), there.has_value()) << dict;
    if (!here && !there) {
      EXPECT_EQ(here.error().message, there.error().message);
    }
  }
  std::string text = dict.dump();
  return read(SerializerId::json, as_bytes(text));
}

template <typename Read>
std::string error_of(const json& dict, Read read) {
  auto result = read_all(dict, read);
  return result ? std::string() : result.error().message;
}

TEST(Options, EmptyDictGivesTheDefaults) {
  auto publish = read_all(json::object(), read_publish_options);
  ASSERT_TRUE(publish);
  EXPECT_FALSE(publish->acknowledge);
  EXPECT_TRUE(publish->exclude_me);
  EXPECT_FALSE(publish->has_lists());
  auto match = read_all(json::object(), read_match_options);
  EXPECT_EQ(match->match, Match::exact);
  EXPECT_EQ(match->invoke, "single");
  EXPECT_EQ(read_all(json::object(), read_call_options)->timeout_ms, 0U);
}

TEST(Options, Publish) {
  auto options = read_all({{"acknowledge", true},
                           {"exclude_me", false},
                           {"exclude", {1, 9007199254740992}},
                           {"eligible", json::array()},
                           {"exclude_authid", {"a"}},
                           {"exclude_authrole", {"b"}},
                           {"eligible_authid", {"c", "d"}},
                           {"eligible_authrole", {"e"}},
                           {"disclose_me", true},
                           {"retain", true},
                           {"unknown", {{"deep", {1, 2}}}},
                           {"x_own", nullptr}},
                          read_publish_options);
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->acknowledge);
  EXPECT_FALSE(options->exclude_me);
  EXPECT_THAT(*options->exclude, ElementsAre(1, kMaxId));
  ASSERT_TRUE(options->eligible);
  EXPECT_TRUE(options->eligible->empty());
  EXPECT_THAT(*options->exclude_authid, ElementsAre("a"));
  EXPECT_THAT(*options->exclude_authrole, ElementsAre("b"));
  EXPECT_THAT(*options->eligible_authid, ElementsAre("c", "d"));
  EXPECT_THAT(*options->eligible_authrole, ElementsAre("e"));
  EXPECT_TRUE(options->disclose_me && options->retain && options->has_lists());
}

TEST(Options, IdsMayBeFloats) {
  std::string octets = from_hex("81a8656c696769626c6591cb41f0000000000000");
  auto options = read_publish_options(SerializerId::msgpack, as_bytes(octets));
  ASSERT_TRUE(options);
  EXPECT_THAT(*options->eligible, ElementsAre(Id{1} << 32));
}

TEST(Options, MatchAndCall) {
  auto match = read_all({{"match", "wildcard"}, {"invoke", "roundrobin"}, {"get_retained", true}}, read_match_options);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->match, Match::wildcard);
  EXPECT_EQ(match->invoke, "roundrobin");
  EXPECT_TRUE(match->get_retained);
  auto call = read_all({{"receive_progress", true}, {"timeout", 1500}, {"progress", true}}, read_call_options);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->timeout_ms, 1500U);
  EXPECT_TRUE(call->receive_progress && call->progress);
}

TEST(Options, ErrorsNameTheOption) {
  EXPECT_EQ(error_of({{"acknowledge", 1}}, read_publish_options),
            "invalid type for option \"acknowledge\": a boolean is needed");
  EXPECT_EQ(error_of({{"exclude", "x"}}, read_publish_options),
            "invalid type for option \"exclude\": a list of session ids is needed");
  EXPECT_EQ(error_of({{"exclude", {0}}}, read_publish_options),
            "invalid entry for option \"exclude\": an id, an integer from 1 to 2^53, is needed");
  EXPECT_EQ(error_of({{"eligible_authid", {1}}}, read_publish_options),
            "invalid entry for option \"eligible_authid\": a string is needed");
  EXPECT_EQ(error_of({{"match", "exactly"}}, read_match_options),
            "invalid value for option \"match\": one of exact, prefix, wildcard is needed");
  EXPECT_EQ(error_of({{"timeout", -1}}, read_call_options),
            "invalid value for option \"timeout\": an integer from 0 to 2^53 is needed");
  EXPECT_EQ(error_of({{"timeout", true}}, read_call_options),
            "invalid value for option \"timeout\": an integer from 0 to 2^53 is needed");
  EXPECT_THAT(error_of({{"forward_for", {1}}}, read_publish_options), HasSubstr("\"forward_for\""));
  EXPECT_THAT(error_of({{"publisher", "x"}}, read_event_details), HasSubstr("\"publisher\""));
}

TEST(Options, NullIsAbsent) {  // as wampy sends options it leaves out
  auto match = read_all({{"match", nullptr}, {"get_retained", nullptr}}, read_match_options);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->match, Match::exact);
  auto publish =
      read_all({{"eligible", nullptr}, {"acknowledge", nullptr}, {"exclude_me", nullptr}}, read_publish_options);
  ASSERT_TRUE(publish);
  EXPECT_FALSE(publish->eligible);
  EXPECT_TRUE(publish->exclude_me);
}

TEST(Options, CancelMode) {
  EXPECT_EQ(*read_all({{"mode", "kill"}}, read_cancel_mode), CancelMode::kill);
  EXPECT_EQ(*read_all(json::object(), read_cancel_mode), CancelMode::killnowait);
  EXPECT_THAT(error_of({{"mode", "softly"}}, read_cancel_mode), HasSubstr("\"mode\""));
}

TEST(Options, DuplicatesAndEscapedNames) {
  auto read = [](std::string_view text) { return read_publish_options(SerializerId::json, as_bytes(text)); };
  EXPECT_EQ(read(R"({"retain":true,"retain":true})").error().message, "invalid option \"retain\": it is there twice");
  EXPECT_TRUE(read(R"({"ret\u0061in":true})")->retain);
  EXPECT_TRUE(read(R"({"other":1,"other":2})"));
  EXPECT_TRUE(read(R"({ })"));
}

TEST(Options, ListsHaveALimit) {
  json ids = json::array();
  for (std::size_t i = 0; i < kMaxOptionList; ++i) ids.push_back(1);
  EXPECT_EQ(error_of({{"exclude", ids}}, read_publish_options), "");
  ids.push_back(1);
  EXPECT_THAT(error_of({{"exclude", ids}}, read_publish_options), HasSubstr("too many"));
}

}  // namespace
}  // namespace transom::wamp
