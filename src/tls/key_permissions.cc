#include "tls/key_permissions.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tls/pem_file.h"

namespace transom::tls {
namespace {

std::string objection(const std::string& file, const KeyRules& rules) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return fmt::format("{} can be {} by everyone on this machine; run: chmod 600 {}", file,
                       (status.st_mode & S_IROTH) != 0 ? "read" : "written", shell_word(file));
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid() && status.st_uid != rules.owner) {
    return fmt::format(
        "{} belongs to user id {}, who can read and change it; give it to the node's user: chown {} {} && chmod 600 {}",
        file, status.st_uid, ::geteuid(), shell_word(file), shell_word(file));
  }
  return "";
}

}  // namespace

Status check_key_permissions(const std::string& file, const KeyRules& rules, std::vector<std::string>& warnings,
                             std::string_view what) {
  const std::string found = objection(file, rules);
  if (found.empty()) return {};
  if (rules.permissions == KeyPermissions::refuse) return fail("the {} {}", what, found);
  warnings.push_back(fmt::format("the {} {}", what, found));
  return {};
}

}  // namespace transom::tls
