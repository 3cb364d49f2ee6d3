#include "pki/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "pki/printable.h"
#include "tls/certificate_info.h"

namespace transom::pki {
namespace {

constexpr std::size_t kMaxNames = 100;
constexpr std::size_t kMaxWord = 400;  // a mail address has at most 320
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxCommonName = 64;  // ub-common-name, RFC 5280

/// An address in its usual form; empty for another word.
std::string usual_address(const std::string& word) {
  in6_addr address;
  char text[INET6_ADDRSTRLEN] = "";
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, word.c_str(), &address) == 1) return inet_ntop(family, &address, text, sizeof text);
  }
  return "";
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

/// Before anything else looks at it: a zero would end it for some and not for others, and what a stranger has written
/// is shown to people.
Status check_octets(const std::string& word) {
  if (word.size() > kMaxWord) return fail("a name of {} octets is longer than any there can be", word.size());
  for (const char c : word) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > ' ' && octet < 0x7f) continue;
    return fail("\"{}\" is no name: {}", printable(word),
                octet >= 0x80 ? "it has letters beyond ASCII; write it in its form with \"xn--\""
                              : "a name has letters, digits, hyphens and dots, no blank and no control character");
  }
  return {};
}

Status add_name(Names& names, std::string word) {
  if (auto status = check_octets(word); !status) return status;
  if (word.size() > 2 && word.front() == '[' && word.back() == ']') word = word.substr(1, word.size() - 2);
  if (std::string address = usual_address(word); !address.empty()) {
    add_once(names.ip_addresses, std::move(address));
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

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// As a word for `parse_names`; empty for a type that we do not certify.
std::string word_of(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return text_of(name->d.dNSName);
    case GEN_EMAIL:
      return text_of(name->d.rfc822Name);
    case GEN_IPADD:
      return tls::address_text(name->d.iPAddress);
    default:
      return "";
  }
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

Result<Names> read_names(const GENERAL_NAMES* list) {
  std::vector<std::string> words;
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    words.push_back(word_of(sk_GENERAL_NAME_value(list, i)));
    if (words.back().empty()) return fail("a name is neither a host name, an IP address nor a mail address");
  }
  return parse_names(words);
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
