#include "serve/web/file_answer.h"

#include <fmt/format.h>

#include <algorithm>

namespace transom::serve {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// True when `list` ("*" or entity tags, comma-separated) names `etag`; weakly: W/ is ignored. Our tags contain no
/// comma.
bool tag_list_has(std::string_view list, std::string_view etag, bool weakly) {
  if (trim(list) == "*") return true;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view tag = trim(list.substr(0, comma));
    if (weakly && tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

bool unmodified_since(const FileFacts& facts, std::string_view date) {
  const auto since = parse_http_date(date);
  return since && facts.mtime_s <= *since;
}

/// The precedence of RFC 9110 section 13.2.2; 200 when the request goes on.
int evaluate(const FileConditions& c, const FileFacts& facts, const std::string& etag) {
  if (!c.if_match.empty()) {
    if (!tag_list_has(c.if_match, etag, false)) return 412;
  } else if (parse_http_date(c.if_unmodified_since) && !unmodified_since(facts, c.if_unmodified_since)) {
    return 412;
  }
  if (!c.if_none_match.empty()) return tag_list_has(c.if_none_match, etag, true) ? 304 : 200;
  return unmodified_since(facts, c.if_modified_since) ? 304 : 200;
}

bool if_range_holds(const std::string& if_range, const FileFacts& facts, const std::string& etag) {
  if (if_range.empty() || if_range == etag) return true;
  const auto date = parse_http_date(if_range);
  return date && *date == facts.mtime_s;
}

/// Digits only; saturates, so that no length wraps round.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value >= kMost / 10 ? kMost : value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

struct Range {
  std::uint64_t first, last;  // inclusive; first > last: not satisfiable
};
constexpr Range kUnsatisfiable{1, 0};

/// "bytes=first-last", "bytes=first-" or "bytes=-suffix"; nothing when it is none of these and is to be ignored.
std::optional<Range> parse_range(std::string_view text, std::uint64_t size) {
  if (!text.starts_with("bytes=")) return std::nullopt;
  text = trim(text.substr(6));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return std::nullopt;
  const auto first = parse_number(text.substr(0, dash)), last = parse_number(text.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) return kUnsatisfiable;
    return Range{size - std::min(*last, size), size - 1};
  }
  const bool open_ended = dash + 1 == text.size();
  if (!first || (!last && !open_ended) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return kUnsatisfiable;
  return Range{*first, open_ended ? size - 1 : std::min(*last, size - 1)};
}

}  // namespace

FileConditions FileConditions::of(const HttpRequest& request) {
  const auto field = [&request](std::string_view name) { return std::string(request.header(name)); };
  return {field("if-match"),      field("if-unmodified-since"),
          field("if-none-match"), field("if-modified-since"),
          field("if-range"),      field("range"),
          request.method == "GET"};
}

bool FileConditions::none_in(const HttpRequest& request) {
  return std::none_of(request.headers.begin(), request.headers.end(),
                      [](const Header& field) { return field.first.starts_with("if-") || field.first == "range"; });
}

std::string FileFacts::etag() const { return fmt::format("\"{:x}-{:x}-{:x}\"", mtime_s, mtime_ns, size); }

FileAnswer answer_for_file(const FileConditions& conditions, const FileFacts& facts) {
  FileAnswer answer;
  const std::string etag = facts.etag();
  answer.headers = {{"ETag", etag}, {"Last-Modified", http_date(facts.mtime_s)}, {"Accept-Ranges", "bytes"}};
  answer.status = evaluate(conditions, facts, etag);
  if (answer.status != 200) return answer;
  answer.length = facts.size;
  if (!conditions.is_get || !if_range_holds(conditions.if_range, facts, etag)) return answer;
  const auto range = parse_range(conditions.range, facts.size);
  if (!range) return answer;
  if (range->first > range->last) {
    answer.status = 416;
    answer.length = 0;
    answer.headers.emplace_back("Content-Range", fmt::format("bytes */{}", facts.size));
    return answer;
  }
  answer.status = 206;
  answer.offset = range->first;
  answer.length = range->last - range->first + 1;
  answer.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", range->first, range->last, facts.size));
  return answer;
}

}  // namespace transom::serve
