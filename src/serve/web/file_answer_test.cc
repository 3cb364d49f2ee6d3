#include "serve/web/file_answer.h"

#include <gtest/gtest.h>

#include "serve/web/mime_types.h"

namespace transom::serve {
namespace {

constexpr std::int64_t kTime = 784'111'777;
const std::string kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
const FileFacts kFacts{1000, kTime, 5};

std::string content_range(const FileAnswer& answer) {
  for (const auto& [name, value] : answer.headers)
    if (name == "Content-Range") return value;
  return {};
}
FileAnswer with_range(const std::string& range, const std::string& if_range = {}, FileFacts facts = kFacts) {
  FileConditions conditions;
  conditions.range = range;
  conditions.if_range = if_range;
  return answer_for_file(conditions, facts);
}

TEST(HttpDate, ReadsWhatItWrites) {
  EXPECT_EQ(http_date(kTime), kDate);
  EXPECT_EQ(parse_http_date(kDate), kTime);
  EXPECT_EQ(parse_http_date(http_date(1'709'164'800)), 1'709'164'800);  // 29 February
  for (const char* bad : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:3x GMT", "now",
                          "Sun, 00 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(bad)) << bad;
}

TEST(FileAnswer, SingleRanges) {
  const std::pair<const char*, const char*> cases[] = {
      {"bytes=0-0", "bytes 0-0/1000"},
      {"bytes=10-19", "bytes 10-19/1000"},
      {"bytes=990-", "bytes 990-999/1000"},
      {"bytes=990-5000", "bytes 990-999/1000"},
      {"bytes=-5", "bytes 995-999/1000"},
      {"bytes=-5000", "bytes 0-999/1000"},
      {"bytes=0-99999999999999999999999999", "bytes 0-999/1000"},
  };
  for (const auto& [range, expected] : cases) {
    const FileAnswer answer = with_range(range);
    EXPECT_EQ(answer.status, 206) << range;
    EXPECT_EQ(content_range(answer), expected) << range;
    EXPECT_LE(answer.offset + answer.length, 1000u) << range;
  }
}

TEST(FileAnswer, RangesThatAreIgnored) {
  for (const char* range : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=1",
                            "bytes=--1", "bytes=+1-2", "bytes=1-2-3"}) {
    const FileAnswer answer = with_range(range);
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.length, 1000u) << range;
  }
}

TEST(FileAnswer, RangesThatCannotBe) {
  for (const char* range : {"bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999999999-"}) {
    const FileAnswer answer = with_range(range);
    EXPECT_EQ(answer.status, 416) << range;
    EXPECT_EQ(content_range(answer), "bytes */1000") << range;
    EXPECT_EQ(answer.length, 0u) << range;
  }
  EXPECT_EQ(with_range("bytes=0-", {}, {0, kTime, 0}).status, 416);
  EXPECT_EQ(with_range("bytes=-1", {}, {0, kTime, 0}).status, 416);
}

TEST(FileAnswer, IfRange) {
  EXPECT_EQ(with_range("bytes=0-1", kFacts.etag()).status, 206);
  EXPECT_EQ(with_range("bytes=0-1", "\"other\"").status, 200);
  EXPECT_EQ(with_range("bytes=0-1", "W/" + kFacts.etag()).status, 200);
  EXPECT_EQ(with_range("bytes=0-1", kDate).status, 206);
  EXPECT_EQ(with_range("bytes=0-1", http_date(kTime + 1)).status, 200);
}

TEST(FileAnswer, Conditions) {
  const auto status = [](auto member, const std::string& value) {
    FileConditions conditions;
    conditions.*member = value;
    return answer_for_file(conditions, kFacts).status;
  };
  EXPECT_EQ(status(&FileConditions::if_none_match, kFacts.etag()), 304);
  EXPECT_EQ(status(&FileConditions::if_none_match, "\"a\", W/" + kFacts.etag()), 304);
  EXPECT_EQ(status(&FileConditions::if_none_match, "*"), 304);
  EXPECT_EQ(status(&FileConditions::if_none_match, "\"a\""), 200);
  EXPECT_EQ(status(&FileConditions::if_modified_since, kDate), 304);
  EXPECT_EQ(status(&FileConditions::if_modified_since, http_date(kTime - 1)), 200);
  EXPECT_EQ(status(&FileConditions::if_modified_since, "yesterday"), 200);
  EXPECT_EQ(status(&FileConditions::if_match, "\"a\""), 412);
  EXPECT_EQ(status(&FileConditions::if_match, kFacts.etag()), 200);
  EXPECT_EQ(status(&FileConditions::if_unmodified_since, http_date(kTime - 1)), 412);
  EXPECT_EQ(status(&FileConditions::if_unmodified_since, kDate), 200);
}

TEST(FileAnswer, EntityTagTakesPrecedenceOverDate) {
  FileConditions conditions;
  conditions.if_none_match = "\"other\"";
  conditions.if_modified_since = kDate;
  EXPECT_EQ(answer_for_file(conditions, kFacts).status, 200);
}

TEST(FileAnswer, EntityTagChangesWithTheFile) {
  EXPECT_NE(kFacts.etag(), (FileFacts{1001, kTime, 5}.etag()));
  EXPECT_NE(kFacts.etag(), (FileFacts{1000, kTime, 6}.etag()));
}

TEST(MimeTypes, TableAndConfig) {
  EXPECT_EQ(content_type("index.HTML", {}), "text/html; charset=utf-8");
  EXPECT_EQ(content_type("a.min.js", {}), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type("a.svg", {}), "image/svg+xml; charset=utf-8");
  EXPECT_EQ(content_type("a.wasm", {}), "application/wasm");
  EXPECT_EQ(content_type("README", {}), "application/octet-stream");
  EXPECT_EQ(content_type("a.unknown", {}), "application/octet-stream");
  EXPECT_EQ(content_type("a.js", {{".js", "text/plain; charset=latin1"}}), "text/plain; charset=latin1");
}

}  // namespace
}  // namespace transom::serve
