// Which certificates a client can get for the name it asks for.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tls {

/// What the plan has to know of one certificate.
struct NamedCertificate {
  std::string file;                    // for warnings
  std::string kind;                    // of its key; a set has one certificate of each kind
  std::vector<std::string> names;      // canonical
  std::vector<std::string> addresses;  // of its subject alternative names
};

struct NamePlan {
  /// Indices of certificates. The first set is for names that nobody has, and for clients that ask for none.
  std::vector<std::vector<std::size_t>> sets;
  std::map<std::string, std::size_t> set_of;  // "www.example.com" and "*.example.com" to an index of `sets`
};

/// Of several certificates of one kind for one name the first wins, with a warning; an exact name beats a wildcard. A
/// name with an exact certificate of one kind takes those of other kinds from its wildcard.
NamePlan plan_names(const std::vector<NamedCertificate>& certificates, std::vector<std::string>& warnings);

}  // namespace transom::tls
