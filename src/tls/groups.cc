#include "tls/groups.h"

#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <strings.h>

#include <algorithm>

#include "tls/handles.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

/// What security level 2 asks for; OpenSSL would refuse the weaker ones in each handshake.
constexpr int least_security_bits = 112;

constexpr std::size_t max_groups = 64;

/// The names that people know, for those that have several.
constexpr std::string_view usual_names[] = {"P-256", "P-384", "P-521", "X25519", "X448"};

using ParameterMaker = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string text_of(const OSSL_PARAM* parameters, const char* key) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, key);
  const char* text = nullptr;
  return found != nullptr && OSSL_PARAM_get_utf8_string_ptr(found, &text) == 1 ? text : "";
}

int number_of(const OSSL_PARAM* parameters, const char* key) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, key);
  unsigned int number = 0;
  return found != nullptr && OSSL_PARAM_get_uint(found, &number) == 1 ? static_cast<int>(number) : 0;
}

/// Whether `version` is not beyond the last version that has the group; 0: no end, -1: in no version.
bool reaches(const OSSL_PARAM* parameters, const char* key, int version) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, key);
  int last = -1;
  return found != nullptr && OSSL_PARAM_get_int(found, &last) == 1 && (last == 0 || last >= version);
}

bool begins(const OSSL_PARAM* parameters, const char* key, int version) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, key);
  int first = -1;
  return found != nullptr && OSSL_PARAM_get_int(found, &first) == 1 && first >= 0 && first <= version;
}

/// Providers announce one group once for each of its names.
int add_group(const OSSL_PARAM* parameters, void* all) {
  auto& groups = *static_cast<std::vector<Group>*>(all);
  const auto id = static_cast<unsigned int>(number_of(parameters, OSSL_CAPABILITY_TLS_GROUP_ID));
  auto group = std::find_if(groups.begin(), groups.end(), [id](const Group& known) { return known.id == id; });
  if (group == groups.end()) group = groups.insert(group, Group{});
  group->id = id;
  for (const char* key : {OSSL_CAPABILITY_TLS_GROUP_NAME, OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL}) {
    std::string name = text_of(parameters, key);
    const auto& names = group->names;
    if (std::find(names.begin(), names.end(), name) == names.end()) group->names.push_back(std::move(name));
  }
  group->algorithm = text_of(parameters, OSSL_CAPABILITY_TLS_GROUP_ALG);
  group->security_bits = number_of(parameters, OSSL_CAPABILITY_TLS_GROUP_SECURITY_BITS);
  group->tls12 = begins(parameters, OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, TLS1_2_VERSION) &&
                 reaches(parameters, OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, TLS1_2_VERSION);
  group->tls13 = begins(parameters, OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, TLS1_3_VERSION) &&
                 reaches(parameters, OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, TLS1_3_VERSION);
  return 1;
}

int add_groups_of(OSSL_PROVIDER* provider, void* all) {
  OSSL_PROVIDER_get_capabilities(provider, "TLS-GROUP", add_group, all);
  return 1;
}

void choose_usual_name(Group& group) {
  group.name = group.names.front();
  for (const std::string& name : group.names) {
    for (const std::string_view usual : usual_names) {
      if (same_name(name, usual)) group.name = usual;
    }
  }
}

std::vector<Group> announced_groups() {
  std::vector<Group> groups;
  OSSL_PROVIDER_do_all(nullptr, add_groups_of, &groups);
  for (Group& group : groups) choose_usual_name(group);
  return groups;
}

/// What a key of the group has, by making its parameters or, where it has none, a key.
int key_bits(const Group& group) {
  const ErrorScope errors;
  const ParameterMaker maker(EVP_PKEY_CTX_new_from_name(nullptr, group.algorithm.c_str(), nullptr));
  if (!maker) return 0;
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_paramgen_init(maker.get()) == 1) {
    for (const std::string& name : group.names) {  // keys are not made by every name that TLS has
      const bool done =
          EVP_PKEY_CTX_set_group_name(maker.get(), name.c_str()) == 1 && EVP_PKEY_paramgen(maker.get(), &made) == 1;
      if (done) break;
    }
  } else if (EVP_PKEY_keygen_init(maker.get()) == 1) {
    EVP_PKEY_keygen(maker.get(), &made);
  }
  const KeyHandle key(made);
  return key ? EVP_PKEY_get_bits(key.get()) : 0;
}

const Group* find_group(const std::vector<Group>& groups, std::string_view name) {
  for (const Group& group : groups) {
    for (const std::string& known : group.names) {
      if (same_name(known, name)) return &group;
    }
  }
  return nullptr;
}

std::string objection(const Group* group) {
  if (group == nullptr) return "this OpenSSL does not have it (`transom tls list` shows what it has)";
  if (group->security_bits < least_security_bits) return "it is too weak";
  if (!group->tls12 && !group->tls13) return "it is for older versions of TLS only";
  return "";
}

}  // namespace

std::vector<Group> library_groups() {
  std::vector<Group> groups = announced_groups();
  for (Group& group : groups) group.bits = key_bits(group);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.security_bits > b.security_bits; });
  return groups;
}

Result<std::vector<std::string>> choose_groups(const std::vector<std::string>& wanted,
                                               std::vector<std::string>& warnings) {
  if (wanted.size() > max_groups) return fail("`groups` names more than {} groups", max_groups);
  const std::vector<Group> groups = announced_groups();
  std::vector<std::string> chosen;
  const auto has = [&chosen](const std::string& name) {
    return std::find(chosen.begin(), chosen.end(), name) != chosen.end();
  };
  for (const std::string& name : wanted) {
    const Group* group = find_group(groups, name);
    if (const std::string reason = objection(group); !reason.empty()) {
      warnings.push_back(fmt::format("`groups`: {} is skipped: {}", name, reason));
    } else if (!has(group->name)) {
      chosen.push_back(group->name);
    }
  }
  if (chosen.empty()) return fail("`groups` names no group that can be offered; for example: X25519:P-256:P-384");
  if (!has("P-256")) {
    chosen.emplace_back("P-256");
    warnings.emplace_back("`groups`: P-256 was added: every client has it, and certificates of TLS 1.2 need it");
  }
  return chosen;
}

std::vector<std::string> known_groups(const std::vector<std::string>& names) {
  const std::vector<Group> groups = announced_groups();
  std::vector<std::string> known;
  for (const std::string& name : names) {
    if (const Group* group = find_group(groups, name)) known.push_back(group->name);
  }
  return known;
}

}  // namespace transom::tls
