#include "acme/answers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "wire/url.h"

namespace transom::acme {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxToken = 256;

/// The members of one object, each read as what it must be. The first fault is kept; what follows it is empty.
class Members {
 public:
  Members(const Json& object, bool loopback_http, Status& fault)
      : object_(object), loopback_http_(loopback_http), fault_(fault) {}

  std::string text(const char* name, std::size_t limit) const {
    const Json* member = find(name);
    if (member == nullptr) return "";
    const auto* value = member->get_ptr<const std::string*>();
    if (value == nullptr) return blame("\"{}\" is no text", name);
    if (value->size() > limit) return blame("\"{}\" is too long", name);
    return *value;
  }
  std::string required_text(const char* name, std::size_t limit) const {
    const std::string value = text(name, limit);
    return value.empty() ? blame("\"{}\" is missing", name) : value;
  }
  std::string url(const char* name) const {
    const std::string value = text(name, kMaxUrl);
    return value.empty() ? value : judged_url(value, name);
  }
  std::string required_url(const char* name) const {
    const std::string value = required_text(name, kMaxUrl);
    return value.empty() ? value : judged_url(value, name);
  }
  bool flag(const char* name) const {
    const Json* member = find(name);
    if (member == nullptr) return false;
    if (!member->is_boolean()) blame("\"{}\" is neither true nor false", name);
    return member->is_boolean() && member->get<bool>();
  }
  /// An empty object where it is missing.
  Members object(const char* name) const {
    static const Json kNone = Json::object();
    const Json* member = find(name);
    if (member != nullptr && !member->is_object()) blame("\"{}\" is no object", name);
    return {member != nullptr && member->is_object() ? *member : kNone, loopback_http_, fault_};
  }
  /// Calls `each` for the elements of a list that must be there.
  template <typename Each>
  void for_each(const char* name, std::size_t limit, Each each) const {
    const Json* member = find(name);
    if (member == nullptr || !member->is_array()) {
      blame("\"{}\" is no list", name);
    } else if (member->size() > limit) {
      blame("\"{}\" is too long", name);
    } else {
      for (const Json& element : *member) each(element);
    }
  }
  Members of(const Json& element, const char* where) const {
    if (!element.is_object()) blame("in \"{}\" stands something that is no object", where);
    return {element, loopback_http_, fault_};
  }
  std::string element_url(const Json& element, const char* where) const {
    const auto* value = element.get_ptr<const std::string*>();
    if (value == nullptr || value->size() > kMaxUrl) return blame("in \"{}\" stands something that is no URL", where);
    return judged_url(*value, where);
  }
  /// The index of the value among `words`.
  template <std::size_t Count>
  std::size_t word(const char* name, const std::array<std::string_view, Count>& words) const {
    const std::string value = required_text(name, 64);
    const auto found = std::find(words.begin(), words.end(), value);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    blame("\"{}\" has a value that is not known", name);
    return 0;
  }
  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  std::string blame(fmt::format_string<const char*&> format, const char* name) const {
    if (fault_) fault_ = fail("{}", fmt::format(format, name));
    return "";
  }

 private:
  std::string judged_url(const std::string& value, const char* name) const {
    return check_url(value, loopback_http_) ? value : blame("\"{}\" is no https URL", name);
  }

  const Json& object_;
  const bool loopback_http_;
  Status& fault_;
};

Result<Json> parse(const std::string& text) {
  if (text.size() > kMaxAnswer) return fail("it is too long");
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail("it is no JSON object");
  return json;
}

/// Reads an object by `read(members)`.
template <typename Read>
auto read_object(const std::string& text, bool loopback_http, Read read)
    -> Result<decltype(read(std::declval<Members>()))> {
  const auto json = parse(text);
  if (!json) return tl::make_unexpected(json.error());
  Status fault;
  auto value = read(Members(*json, loopback_http, fault));
  if (!fault) return tl::make_unexpected(fault.error());
  return value;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::string identifier(const Members& members) {
  const std::string type = members.required_text("type", 64);
  return type == "dns" ? lower(members.required_text("value", kMaxName))
                       : members.blame("\"{}\" is of a type that nobody asked for", "identifier");
}

bool is_token(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string word_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// "title: detail"
std::string words_of(const Json& object) {
  const std::string title = word_of(object, "title"), detail = word_of(object, "detail");
  const std::string words = title.empty() || detail.empty() ? title + detail : title + ": " + detail;
  const auto name = object.find("identifier");
  if (name == object.end() || !name->is_object()) return words;
  return word_of(*name, "value") + ": " + words;
}

Problem problem_of(const Json& object) {
  constexpr std::string_view kPrefix = "urn:ietf:params:acme:error:";
  constexpr std::size_t kMostSubproblems = 5, kLongest = 600;
  Problem problem{word_of(object, "type"), words_of(object)};
  if (problem.type.starts_with(kPrefix)) problem.type.erase(0, kPrefix.size());
  problem.type = log_safe(problem.type, 64);
  const auto more = object.find("subproblems");
  if (more != object.end() && more->is_array()) {
    for (std::size_t i = 0; i < std::min(more->size(), kMostSubproblems); ++i) {
      if ((*more)[i].is_object()) problem.text += "; " + words_of((*more)[i]);
    }
  }
  problem.text = log_safe(problem.text, kLongest);
  if (problem.text.empty()) problem.text = "no reason given";
  return problem;
}

std::optional<Problem> optional_problem(const Members& members) {
  const Json* error = members.find("error");
  if (error == nullptr || !error->is_object()) return std::nullopt;
  return problem_of(*error);
}

Challenge challenge_of(const Members& members) {
  Challenge challenge;
  challenge.type = members.required_text("type", 64);
  challenge.url = members.required_url("url");
  challenge.token = members.text("token", kMaxToken);
  challenge.pending = members.text("status", 64) == "pending";
  if (!is_token(challenge.token)) members.blame("\"{}\" has letters that it must not have", "token");
  challenge.problem = optional_problem(members);
  return challenge;
}

/// The number that `count` digits at `at` are, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Seconds east of Greenwich of "Z" or "+01:00".
std::optional<std::int64_t> read_zone(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  const int hours = digits(zone, 1, 2), minutes = digits(zone, 4, 2);
  const bool shaped = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
  if (!shaped || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

bool is_loopback_http(std::string_view text) {
  const auto url = wire::parse_url(text.substr(0, kMaxUrl));
  return url && url->scheme == "http" && (url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1");
}

Status check_url(std::string_view text, bool loopback_http) {
  if (text.size() > kMaxUrl) return fail("the URL is longer than {} characters", kMaxUrl);
  const auto url = wire::parse_url(text);
  if (!url) return tl::make_unexpected(url.error());
  if (url->scheme == "https" || (loopback_http && is_loopback_http(text))) return {};
  return fail("the URL must begin with https://");
}

Result<Directory> read_directory(const std::string& json, bool loopback_http) {
  return read_object(json, loopback_http, [](const Members& members) {
    Directory directory;
    directory.new_nonce = members.required_url("newNonce");
    directory.new_account = members.required_url("newAccount");
    directory.new_order = members.required_url("newOrder");
    directory.renewal_info = members.url("renewalInfo");
    const Members meta = members.object("meta");
    directory.terms = log_safe(meta.text("termsOfService", kMaxUrl), kMaxUrl);
    directory.external_account_required = meta.flag("externalAccountRequired");
    return directory;
  });
}

Problem read_problem(const std::string& body, long status) {
  const auto json = parse(body);
  if (json && json->contains("type")) return problem_of(*json);
  return {"", fmt::format("HTTP status {}, without a reason in the form of RFC 7807", status)};
}

Result<Order> read_order(const std::string& json, bool loopback_http) {
  static constexpr std::array<std::string_view, 5> kStatus{"pending", "ready", "processing", "valid", "invalid"};
  return read_object(json, loopback_http, [](const Members& members) {
    Order order;
    order.status = static_cast<OrderStatus>(members.word("status", kStatus));
    members.for_each("identifiers", kMaxAuthorizations, [&](const Json& element) {
      order.names.push_back(identifier(members.of(element, "identifiers")));
    });
    std::sort(order.names.begin(), order.names.end());
    members.for_each("authorizations", kMaxAuthorizations, [&](const Json& element) {
      order.authorizations.push_back(members.element_url(element, "authorizations"));
    });
    order.finalize = members.required_url("finalize");
    order.certificate = members.url("certificate");
    if (order.status == OrderStatus::valid && order.certificate.empty())
      members.blame("\"{}\" is missing", "certificate");
    order.problem = optional_problem(members);
    return order;
  });
}

const Challenge* Authorization::challenge(std::string_view type) const {
  const auto found = std::find_if(challenges.begin(), challenges.end(),
                                  [type](const Challenge& one) { return one.type == type && !one.token.empty(); });
  return found == challenges.end() ? nullptr : &*found;
}

std::optional<Problem> Authorization::problem() const {
  for (const Challenge& one : challenges) {
    if (one.problem) return one.problem;
  }
  return std::nullopt;
}

Result<Authorization> read_authorization(const std::string& json, bool loopback_http) {
  static constexpr std::array<std::string_view, 6> kStatus{"pending",     "valid",   "invalid",
                                                           "deactivated", "expired", "revoked"};
  return read_object(json, loopback_http, [](const Members& members) {
    Authorization authorization;
    authorization.status = static_cast<AuthorizationStatus>(members.word("status", kStatus));
    authorization.name = identifier(members.object("identifier"));
    members.for_each("challenges", kMaxChallenges, [&](const Json& element) {
      authorization.challenges.push_back(challenge_of(members.of(element, "challenges")));
    });
    return authorization;
  });
}

Result<RenewalWindow> read_renewal_window(const std::string& json) {
  std::string begin, end;
  auto window = read_object(json, false, [&](const Members& members) {
    const Members suggested = members.object("suggestedWindow");
    begin = suggested.required_text("start", 64);
    end = suggested.required_text("end", 64);
    return RenewalWindow{0, 0, log_safe(members.text("explanationURL", kMaxUrl), kMaxUrl)};
  });
  if (!window) return window;
  const auto first = read_time(begin), last = read_time(end);
  if (!first || !last) return fail("\"suggestedWindow\" does not hold two times of RFC 3339");
  if (*last <= *first) return fail("\"suggestedWindow\" ends before it begins");
  window->begin = *first;
  window->end = *last;
  return window;
}

Result<std::int64_t> read_time(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') &&
                      text[13] == ':' && text[16] == ':';
  const bool bounded =
      year >= 1970 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  if (!shaped || !bounded || month < 0 || day < 0) return fail("it is no time of RFC 3339");
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  std::size_t zone = 19;
  if (text[zone] == '.') zone = std::min(text.find_first_not_of("0123456789", zone + 1), text.size());
  const auto east = read_zone(text.substr(zone));
  if (!date.ok() || !east) return fail("it is no time of RFC 3339");
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86'400 + hour * 3600 + minute * 60 + second - *east;
}

}  // namespace transom::acme
