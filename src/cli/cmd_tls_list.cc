#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "tls/ciphers.h"
#include "tls/context.h"
#include "tls/groups.h"
#include "tls/policy.h"

namespace transom::cli {
namespace {

/// A named list and what it comes to.
struct Listing {
  std::string name;
  std::vector<tls::Suite> suites;
  std::vector<tls::SkippedElement> skipped;
};

Listing list_ciphers(const std::string& ciphers) {
  const auto safe = tls::safe_cipher_list(ciphers, "the list");
  if (!safe) throw CliError(safe.error().message);
  return {ciphers, tls::expand_suites(safe->text, ""), safe->skipped};
}

Listing list_profile(tls::Profile profile) {
  const tls::ProfileParts& parts = tls::profile_parts(profile);
  std::string tls12 = parts.tls12_suites;
  if (!parts.dhe_suites.empty()) tls12 += ":" + parts.dhe_suites;
  return {"profile " + parts.name, tls::expand_suites(tls12, parts.tls13_suites), {}};
}

nlohmann::json to_json(const Listing& listing) {
  nlohmann::json json = {
      {"name", listing.name}, {"suites", nlohmann::json::array()}, {"skipped", nlohmann::json::array()}};
  for (const tls::Suite& suite : listing.suites) {
    json["suites"].push_back({{"name", suite.name},
                              {"standard_name", suite.standard_name},
                              {"version", suite.version},
                              {"key_exchange", suite.key_exchange},
                              {"authentication", suite.authentication},
                              {"encryption", suite.encryption},
                              {"bits", suite.bits},
                              {"aead", suite.authenticated_encryption},
                              {"forward_secrecy", suite.forward_secrecy},
                              {"needs_dhparam", suite.key_exchange == "DHE"}});
  }
  for (const tls::SkippedElement& skipped : listing.skipped) {
    json["skipped"].push_back({{"name", skipped.name}, {"reason", skipped.reason}});
  }
  return json;
}

nlohmann::json to_json(const tls::Group& group) {
  return {{"name", group.name},
          {"names", group.names},
          {"id", group.id},
          {"bits", group.bits},
          {"tls12", group.tls12},
          {"tls13", group.tls13},
          {"security_bits", group.security_bits}};
}

std::string remark(const tls::Suite& suite) {
  std::string text = suite.forward_secrecy ? "" : "no forward secrecy";
  if (!suite.authenticated_encryption) text += text.empty() ? "CBC" : ", CBC";
  if (suite.key_exchange == "DHE") text += text.empty() ? "needs dhparam" : ", needs dhparam";
  return text;
}

void print(const Listing& listing) {
  fmt::print("{}\n", listing.name);
  for (const tls::Suite& suite : listing.suites) {
    std::string line =
        fmt::format("  {:<8} {:<30} {:<6} {:<6} {:<18} {:>3} bits  {}", suite.version, suite.name, suite.key_exchange,
                    suite.authentication, suite.encryption, suite.bits, remark(suite));
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
  for (const tls::SkippedElement& skipped : listing.skipped) {
    fmt::print("  skipped: {}: {}\n", skipped.name, skipped.reason);
  }
  fmt::print("\n");
}

void print(const std::vector<tls::Group>& groups) {
  fmt::print("Groups of {}\n", tls::library_version());
  for (const tls::Group& group : groups) {
    std::string others;
    for (const std::string& name : group.names) {
      if (name != group.name) others += (others.empty() ? "" : ", ") + name;
    }
    const std::string bits = group.bits > 0 ? fmt::format("{} bits", group.bits) : "";
    const std::string versions = group.tls12 ? (group.tls13 ? "TLS 1.2, 1.3" : "TLS 1.2") : "TLS 1.3";
    std::string line = fmt::format("  {:<16} {:>9}  strength {:>3}  {:<12}  {}", group.name, bits, group.security_bits,
                                   versions, others);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

std::vector<tls::Group> usable_groups() {
  std::vector<tls::Group> groups = tls::library_groups();
  std::erase_if(groups, [](const tls::Group& group) { return !group.tls12 && !group.tls13; });
  return groups;
}

}  // namespace

int run_tls_list(Arguments& arguments) {
  std::vector<std::string> words;
  bool json = false;
  arguments.words("CIPHERS", words);
  arguments.flag("--json", json, "Print JSON");
  if (const auto code = arguments.parse()) return *code;
  std::vector<Listing> listings;
  std::string ciphers;
  for (const std::string& word : words) ciphers += (ciphers.empty() ? "" : ":") + word;
  if (!words.empty()) {
    listings.push_back(list_ciphers(ciphers));
  } else {
    for (const auto profile : {tls::Profile::modern, tls::Profile::strict, tls::Profile::seed2014}) {
      listings.push_back(list_profile(profile));
    }
  }
  const std::vector<tls::Group> groups = usable_groups();
  if (json) {
    nlohmann::json all = {{"library", tls::library_version()}};
    for (const Listing& listing : listings) all["lists"].push_back(to_json(listing));
    for (const tls::Group& group : groups) all["groups"].push_back(to_json(group));
    fmt::print("{}\n", all.dump(2));
    return 0;
  }
  for (const Listing& listing : listings) print(listing);
  print(groups);
  return 0;
}

}  // namespace transom::cli
