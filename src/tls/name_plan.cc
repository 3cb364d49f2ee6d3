#include "tls/name_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tls/server_names.h"

namespace transom::tls {
namespace {

using Set = std::vector<std::size_t>;
using ByName = std::map<std::string, Set>;

bool has_kind(const std::vector<NamedCertificate>& certificates, const Set& set, const std::string& kind) {
  return std::any_of(set.begin(), set.end(), [&](std::size_t i) { return certificates[i].kind == kind; });
}

/// Who has a name before the certificate `later` of the same kind.
const NamedCertificate* holder(const std::vector<NamedCertificate>& certificates, const Set& set, std::size_t later) {
  for (const std::size_t i : set) {
    if (certificates[i].kind == certificates[later].kind) return &certificates[i];
  }
  return nullptr;
}

ByName collect(const std::vector<NamedCertificate>& certificates, std::vector<std::string>& warnings) {
  ByName by_name;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    std::map<std::string, std::string> lost;  // to which file: which names
    const std::set<std::string> names(certificates[i].names.begin(), certificates[i].names.end());
    for (const std::string& name : names) {
      Set& set = by_name[name];
      const NamedCertificate* first = holder(certificates, set, i);
      if (first == nullptr) {
        set.push_back(i);
      } else {
        lost[first->file] += (lost[first->file].empty() ? "" : ", ") + name;
      }
    }
    for (const auto& [file, names_lost] : lost) {
      warnings.push_back(fmt::format("{}: not sent for {}: {} comes first and has the same kind of key ({})",
                                     certificates[i].file, names_lost, file, certificates[i].kind));
    }
  }
  return by_name;
}

/// The certificates for an exact name, and of the kinds that it lacks those for the wildcard above it.
Set complete(const std::vector<NamedCertificate>& certificates, const ByName& by_name, const std::string& name) {
  Set set = by_name.at(name);
  const auto above = by_name.find(wildcard_above(name));
  if (above == by_name.end()) return set;
  for (const std::size_t i : above->second) {
    if (!has_kind(certificates, set, certificates[i].kind)) set.push_back(i);
  }
  std::sort(set.begin(), set.end());
  return set;
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&b](const std::string& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

/// The first certificate, with those of other kinds that are for one of its names.
Set default_set(const std::vector<NamedCertificate>& certificates) {
  Set set = {0};
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    const bool related = share(certificates[0].names, certificates[i].names) ||
                         share(certificates[0].addresses, certificates[i].addresses);
    if (related && !has_kind(certificates, set, certificates[i].kind)) set.push_back(i);
  }
  return set;
}

void warn_of_unused(const std::vector<NamedCertificate>& certificates, const NamePlan& plan,
                    std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const bool used = std::any_of(plan.sets.begin(), plan.sets.end(),
                                  [i](const Set& set) { return std::find(set.begin(), set.end(), i) != set.end(); });
    if (!used) warnings.push_back(fmt::format("{}: the certificate is never sent", certificates[i].file));
  }
}

}  // namespace

NamePlan plan_names(const std::vector<NamedCertificate>& certificates, std::vector<std::string>& warnings) {
  NamePlan plan;
  if (certificates.empty()) return plan;
  const ByName by_name = collect(certificates, warnings);
  std::map<Set, std::size_t> known;
  const auto index_of = [&](const Set& set) {
    const auto [place, is_new] = known.emplace(set, plan.sets.size());
    if (is_new) plan.sets.push_back(set);
    return place->second;
  };
  index_of(default_set(certificates));
  for (const auto& [name, set] : by_name) plan.set_of[name] = index_of(complete(certificates, by_name, name));
  warn_of_unused(certificates, plan, warnings);
  return plan;
}

}  // namespace transom::tls
