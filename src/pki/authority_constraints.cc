#include "pki/authority_constraints.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <memory>
#include <vector>

#include "tls/certificate_builder.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using ConstraintsHandle = std::unique_ptr<NAME_CONSTRAINTS, tls::FreeWith<NAME_CONSTRAINTS_free>>;

constexpr std::size_t kMaxWords = 100;
constexpr char kNobody[] = "none.invalid";  // a domain that cannot exist (RFC 6761)

/// An address or a range of them, as its octets.
struct Network {
  int family = AF_INET;
  std::array<unsigned char, 16> address{};
  unsigned bits = 0;
  std::size_t octets() const { return family == AF_INET ? 4 : 16; }
};

bool read_address(const std::string& text, Network& network) {
  for (const int family : {AF_INET, AF_INET6}) {
    network.family = family;
    if (inet_pton(family, text.c_str(), network.address.data()) == 1) return true;
  }
  return false;
}

std::string address_text(int family, const unsigned char* octets) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, octets, text, sizeof text);
  return text;
}

std::array<unsigned char, 16> mask_of(unsigned bits) {
  std::array<unsigned char, 16> mask{};
  for (unsigned i = 0; i < bits; ++i) mask[i / 8] = static_cast<unsigned char>(mask[i / 8] | (0x80U >> (i % 8)));
  return mask;
}

/// "10.0.0.0/255.0.0.0", as OpenSSL writes it.
Result<std::string> network_text(const std::string& word, Network network) {
  const auto mask = mask_of(network.bits);
  Network whole = network;
  for (std::size_t i = 0; i < network.octets(); ++i) whole.address[i] = network.address[i] & mask[i];
  const std::string text = address_text(network.family, whole.address.data());
  if (whole.address != network.address) {
    return fail("\"{}\" is an address inside a network; the network is \"{}/{}\"", word, text, network.bits);
  }
  return fmt::format("{}/{}", text, address_text(network.family, mask.data()));
}

Result<std::string> constraint_of_network(const std::string& word, std::size_t slash) {
  Network network;
  const char* end = word.data() + word.size();
  const char* at = word.data() + slash + 1;
  const auto read = std::from_chars(at, end, network.bits);
  if (!read_address(word.substr(0, slash), network) || at == end || read.ec != std::errc() || read.ptr != end ||
      network.bits > 8 * network.octets()) {
    return fail("\"{}\" is no network; write it like \"192.168.7.0/24\" or \"fd00::/8\"", word);
  }
  return network_text(word, network);
}

Result<Names> one_name(const std::string& word) { return parse_names(std::span(&word, 1)); }

/// The part of the extension's value that permits `word`.
Result<std::string> constraint_of(const std::string& word) {
  const std::size_t slash = word.find('/');
  if (slash != std::string::npos && word.find("://") == std::string::npos) {
    return constraint_of_network(word, slash).map([](const std::string& text) { return "IP:" + text; });
  }
  if (word.starts_with(".") || word.starts_with("*.")) {
    const std::string domain = word.substr(word.find('.') + 1);
    return fail("\"{}\": permit \"{}\", which covers all below it as well", word, domain);
  }
  const bool whole_host = word.starts_with("@");
  const auto names = one_name(whole_host ? "someone" + word : word);
  if (!names) return tl::make_unexpected(names.error());
  if (whole_host) return "email:" + names->emails.front().substr(names->emails.front().find('@') + 1);
  if (!names->emails.empty()) return "email:" + names->emails.front();
  if (!names->dns.empty()) return "DNS:" + names->dns.front();
  Network network;
  read_address(names->ip_addresses.front(), network);
  network.bits = static_cast<unsigned>(8 * network.octets());
  return network_text(word, network).map([](const std::string& text) { return "IP:" + text; });
}

/// Closes the types that `value` does not speak of.
std::string closed(std::string value) {
  for (const std::string type : {"DNS", "email", "URI"}) {
    if (value.find(";" + type + ":") == std::string::npos) value += fmt::format(",permitted;{}:{}", type, kNobody);
  }
  if (value.find(";IP:") == std::string::npos) value += ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::";
  return value;
}

ConstraintsHandle constraints_of(X509* authority) {
  return ConstraintsHandle(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(authority, NID_name_constraints, nullptr, nullptr)));
}

/// Judged by the code that judges chains, on a certificate for this name alone that is thrown away.
bool permits(NAME_CONSTRAINTS* constraints, const std::string& alternative_name, EVP_PKEY* key) {
  const auto probe =
      tls::make_certificate({"", 0, 1, {{NID_subject_alt_name, "critical," + alternative_name}}}, key, nullptr, key);
  if (!probe) return false;
  X509_check_purpose(probe->get(), -1, 0);  // reads the extensions
  return NAME_CONSTRAINTS_check(probe->get(), constraints) == X509_V_OK;
}

std::vector<Names> one_by_one(const Names& names) {
  std::vector<Names> single;
  for (const std::string& name : names.dns) single.push_back({{name}, {}, {}});
  for (const std::string& name : names.ip_addresses) single.push_back({{}, {name}, {}});
  for (const std::string& name : names.emails) single.push_back({{}, {}, {name}});
  return single;
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

unsigned leading_ones(const unsigned char* mask, std::size_t octets) {
  unsigned bits = 0;
  while (bits < 8 * octets && (mask[bits / 8] & (0x80U >> (bits % 8))) != 0) ++bits;
  return bits;
}

std::string describe_network(const ASN1_OCTET_STRING* range) {
  const auto* octets = ASN1_STRING_get0_data(range);
  const std::size_t half = static_cast<std::size_t>(ASN1_STRING_length(range)) / 2;
  if (half != 4 && half != 16) return "";
  const unsigned bits = leading_ones(octets + half, half);
  const std::string address = address_text(half == 4 ? AF_INET : AF_INET6, octets);
  return bits == 8 * half ? address : fmt::format("{}/{}", address, bits);
}

std::string describe_name(const GENERAL_NAME* name) {
  if (name->type == GEN_IPADD) return describe_network(name->d.iPAddress);
  if (name->type != GEN_DNS && name->type != GEN_EMAIL) return "";
  const std::string text = text_of(name->d.ia5);
  if (text == kNobody) return "";
  return name->type == GEN_EMAIL && text.find('@') == std::string::npos ? "@" + text : text;
}

}  // namespace

Result<std::string> constraints_for(std::span<const std::string> words) {
  if (words.empty() || words.size() > kMaxWords) return fail("an authority is limited to 1 to {} names", kMaxWords);
  std::string value = "critical";
  for (const std::string& word : words) {
    const auto constraint = constraint_of(word);
    if (!constraint) return tl::make_unexpected(constraint.error());
    value += ",permitted;" + *constraint;
  }
  return closed(std::move(value));
}

Status check_permitted(X509* authority, const Names& names) {
  const tls::ErrorScope errors;
  const ConstraintsHandle constraints = constraints_of(authority);
  if (!constraints) return {};
  const auto key = tls::make_ec_key("P-256");
  if (!key) return tl::make_unexpected(key.error());
  for (const Names& single : one_by_one(names)) {
    const std::string name = alternative_names(single);
    if (permits(constraints.get(), name, key->get())) continue;
    return fail("this authority cannot vouch for \"{}\": it is limited to {}; browsers would refuse the certificate",
                name.substr(name.find(':') + 1), describe_constraints(authority));
  }
  return {};
}

std::string describe_constraints(X509* authority) {
  const tls::ErrorScope errors;
  const ConstraintsHandle constraints = constraints_of(authority);
  std::string text;
  if (!constraints) return text;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); ++i) {
    const std::string name = describe_name(sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base);
    if (!name.empty()) text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

}  // namespace transom::pki
