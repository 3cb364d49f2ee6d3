#include "pki/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

namespace transom::pki {
namespace {

constexpr std::size_t kMaxNames = 100;
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxCommonName = 64;  // ub-common-name, RFC 5280

bool is_address(const std::string& word) {
  in6_addr unused;
  return inet_pton(AF_INET, word.c_str(), &unused) == 1 || inet_pton(AF_INET6, word.c_str(), &unused) == 1;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// What is wrong with one label between two dots; empty: nothing.
std::string_view label_problem(std::string_view label) {
  if (label.empty()) return "two dots follow each other, or it begins with one";
  if (label.size() > kMaxLabel) return "a part between two dots is longer than 63 characters";
  if (label.front() == '-' || label.back() == '-') return "a part begins or ends with a hyphen";
  for (const char c : label) {
    if (static_cast<unsigned char>(c) >= 0x80) return "it has letters beyond ASCII; write it in its form with \"xn--\"";
    if (c == '_') return "host names have no underscore; browsers refuse such a certificate";
    if (c == '*') return "a star stands for one whole part, the first: \"*.example.com\"";
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!good) return "a host name has letters, digits, hyphens and dots only";
  }
  return "";
}

std::string_view dns_problem(std::string_view name) {
  const bool wildcard = name.starts_with("*.");
  if (wildcard) name.remove_prefix(2);
  if (name.empty() || name.size() > kMaxDnsName) return "a host name has 1 to 253 characters";
  if (wildcard && name.find('.') == std::string_view::npos) {
    return "browsers accept no wildcard this wide; it needs two parts behind the star, \"*.example.com\"";
  }
  std::string_view last;
  for (std::string_view rest = name;;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    last = rest.substr(0, dot);
    if (const auto problem = label_problem(last); !problem.empty()) return problem;
    if (dot == rest.size()) break;
    rest.remove_prefix(dot + 1);
  }
  return all_digits(last) ? "it looks like an IP address but is none" : "";
}

Status check_form(const std::string& word) {
  if (word.find("://") != std::string::npos) {
    return fail("\"{}\" is a URL; a certificate is for a host: give its name alone", word);
  }
  const std::size_t colon = word.rfind(':');
  if (colon != std::string::npos && all_digits(std::string_view(word).substr(colon + 1))) {
    return fail("\"{}\" names a port; a certificate is for a server, not for a port: give \"{}\"", word,
                word.substr(0, colon));
  }
  return {};
}

Status check_email(const std::string& word) {
  const std::size_t at = word.find('@');
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view(",;:<>\"()\\").find(c) == std::string_view::npos;
  });
  if (!plain || at == 0 || word.find('@', at + 1) != std::string::npos || at > kMaxLabel + 1) {
    return fail("\"{}\" is no mail address that a certificate can hold", word);
  }
  if (const auto problem = dns_problem(lower(word.substr(at + 1))); !problem.empty()) {
    return fail("\"{}\" is no mail address: {}", word, problem);
  }
  return {};
}

void add_once(std::vector<std::string>& list, std::string name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(std::move(name));
}

Status add_name(Names& names, std::string word) {
  if (word.size() > 2 && word.front() == '[' && word.back() == ']') word = word.substr(1, word.size() - 2);
  if (is_address(word)) {
    add_once(names.ip_addresses, lower(std::move(word)));
    return {};
  }
  if (auto status = check_form(word); !status) return status;
  if (word.find('@') != std::string::npos) {
    if (auto status = check_email(word); !status) return status;
    add_once(names.emails, std::move(word));
    return {};
  }
  if (word.size() > 1 && word.back() == '.') word.pop_back();
  word = lower(std::move(word));
  if (const auto problem = dns_problem(word); !problem.empty()) {
    return fail("\"{}\" is no host name: {}", word, problem);
  }
  add_once(names.dns, std::move(word));
  return {};
}

}  // namespace

Result<Names> parse_names(std::span<const std::string> words) {
  if (words.empty()) return fail("no name is given; a certificate is for at least one host name or IP address");
  if (words.size() > kMaxNames)
    return fail("{} names are given; a certificate takes at most {}", words.size(), kMaxNames);
  Names names;
  for (const std::string& word : words) {
    if (auto status = add_name(names, word); !status) return tl::make_unexpected(status.error());
  }
  return names;
}

std::string alternative_names(const Names& names) {
  std::string text;
  const auto add = [&text](std::string_view type, const std::vector<std::string>& list) {
    for (const std::string& name : list) text += fmt::format("{}{}:{}", text.empty() ? "" : ",", type, name);
  };
  add("DNS", names.dns);
  add("IP", names.ip_addresses);
  add("email", names.emails);
  return text;
}

std::string common_name(const Names& names) {
  for (const auto* list : {&names.dns, &names.ip_addresses, &names.emails}) {
    if (!list->empty()) return list->front().size() <= kMaxCommonName ? list->front() : "";
  }
  return "";
}

}  // namespace transom::pki
