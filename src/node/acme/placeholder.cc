#include "node/acme/placeholder.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/log.h"
#include "node/acme/files.h"
#include "node/files/durable_file.h"
#include "serve/unique_fd.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_pair.h"

namespace transom::node {
namespace {

using serve::UniqueFd;

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kLifetime = 7 * kDay;
constexpr std::int64_t kClockSkew = 3600;  // it begins this long before now
constexpr const char* kPlaceholderName = "Transom placeholder";

/// Files are made, and permissions judged, as another user would; for this thread only.
class FileUser {
 public:
  explicit FileUser(const RunAs& user) : group_(setfsgid(user.gid)), user_(setfsuid(user.uid)) {}
  ~FileUser() {
    setfsuid(static_cast<uid_t>(user_));
    setfsgid(static_cast<gid_t>(group_));
  }
  FileUser(const FileUser&) = delete;

 private:
  int group_, user_;
};

Result<std::vector<NewFile>> make_placeholder(const std::vector<std::string>& domains, std::int64_t now) {
  const auto key = tls::make_ec_key("P-256");
  if (!key) return tl::make_unexpected(key.error());
  std::string names;
  for (const std::string& domain : domains) names += (names.empty() ? "DNS:" : ",DNS:") + domain;
  tls::CertificateRequest request{kPlaceholderName, now - kClockSkew, now + kLifetime, {}};
  request.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature"},
                        {NID_ext_key_usage, "serverAuth"},
                        {NID_subject_alt_name, names}};
  const auto certificate = tls::make_certificate(request, key->get(), nullptr, key->get());
  if (!certificate) return tl::make_unexpected(certificate.error());
  auto chain = tls::certificate_pem(certificate->get());
  auto key_text = tls::private_key_pem(key->get());
  if (!chain || !key_text) return tl::make_unexpected((chain ? key_text : chain).error());
  return std::vector<NewFile>{{"key.pem", std::move(*key_text), 0600}, {"chain.pem", std::move(*chain), 0644}};
}

/// Why the pair on disk does not do; empty when it does, an error where that cannot be known. Who may read the key is
/// judged when it is loaded: a good pair is not thrown away for that.
Result<std::string> why_not(const tls::AcmeConfig& acme, const AcmeFiles& files, std::int64_t now) {
  const auto key = read_if_present(files.key), chain = read_if_present(files.chain);
  if (!key || !chain) return tl::make_unexpected((key ? chain : key).error());
  if (!*key && !*chain) return "there is none yet";
  std::vector<std::string> unused;
  const auto loaded = tls::load_pair(acme_certificate(files), tls::KeyPermissions::warn, unused);
  if (!loaded) return loaded.error().message;
  // An authority may have added names of its own.
  const std::set<std::string> held(loaded->names.begin(), loaded->names.end());
  for (const std::string& domain : acme.domains) {
    if (!held.contains(domain)) return fmt::format("{} is not for {}", files.chain, domain);
  }
  const bool old = is_acme_placeholder(loaded->info) && loaded->info.not_after < now + kDay;
  return old ? "the last one has expired" : "";
}

Status place(const tls::AcmeConfig& acme, std::int64_t now) {
  const AcmeFiles files = acme_files(acme);
  if (auto status = recover_directory(files.certificate_directory); !status) return status;
  const auto reason = why_not(acme, files, now);
  if (!reason) return tl::make_unexpected(reason.error());
  if (reason->empty()) return {};
  const auto made = make_placeholder(acme.domains, now);
  if (!made) return tl::make_unexpected(made.error());
  if (auto status = replace_directory(files.certificate_directory, *made); !status) return status;
  const std::size_t more = acme.domains.size() - 1;
  log_info("acme: a self-signed placeholder is served for {}{} until a certificate has come ({})", acme.domains.front(),
           more == 0 ? "" : fmt::format(" and {} more", more), *reason);
  return {};
}

void name_unused(const NodeConfig& config, const std::string& directory) {
  constexpr std::size_t kMostNamed = 5;
  const std::vector<std::string> unused = unused_acme_files(config);
  if (unused.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < std::min(unused.size(), kMostNamed); ++i) names += (i == 0 ? "" : ", ") + unused[i];
  if (unused.size() > kMostNamed) names += fmt::format(" and {} more", unused.size() - kMostNamed);
  log_info("acme: no endpoint uses these in {} any more: {}; remove them if you do not go back to their names",
           directory, names);
}

auto cannot_use(const std::string& directory, const std::string& why) {
  return fail("`acme` keeps keys and certificates in {}, which cannot be used: {}", directory, why);
}

/// It belongs to the present user, or to the one whom root becomes.
Status make_state_directory(const std::string& path, const std::optional<RunAs>& user) {
  if (user) {
    if (const auto status = provide_directory(*user, path); !status) return cannot_use(path, status.error().message);
  } else if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return cannot_use(path, std::strerror(errno));
  }
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!directory || fstat(directory.get(), &status) != 0) return cannot_use(path, std::strerror(errno));
  if (status.st_uid != (user ? user->uid : geteuid())) {
    return cannot_use(path, fmt::format("it belongs to another user; give it to the one whom the node runs as, by "
                                        "`chown -R USER {}`",
                                        tls::shell_word(path)));
  }
  if ((status.st_mode & 077) != 0 && fchmod(directory.get(), 0700) != 0) return cannot_use(path, std::strerror(errno));
  return {};
}

}  // namespace

std::vector<const tls::ServerConfig*> acme_endpoints(const NodeConfig& config) {
  std::vector<const tls::ServerConfig*> found;
  std::set<std::string> known;
  for (const WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      const auto& tls = transport.endpoint.tls;
      if (tls && tls->acme && known.insert(acme_files(*tls->acme).certificate_directory).second) found.push_back(&*tls);
    }
  }
  return found;
}

std::vector<std::string> unused_acme_files(const NodeConfig& config) {
  namespace fs = std::filesystem;
  std::set<std::string> used;
  std::string directory;
  for (const tls::ServerConfig* endpoint : acme_endpoints(config)) {
    const AcmeFiles files = acme_files(*endpoint->acme);
    directory = endpoint->acme->state_directory;
    used.insert({files.account_key, files.account, files.certificate_directory, files.state, files.pending_key});
  }
  std::vector<std::string> unused;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    fs::path path = entry->path();
    if (path.extension() == ".new" || path.extension() == ".old") path.replace_extension();
    if (!used.contains(path)) unused.push_back(entry->path().filename());
  }
  std::sort(unused.begin(), unused.end());
  return unused;
}

bool is_acme_placeholder(const tls::CertificateInfo& info) {
  return info.subject == fmt::format("CN={}", kPlaceholderName);
}

bool is_acme_pair_usable(const tls::AcmeConfig& acme, std::int64_t now) {
  const auto reason = why_not(acme, acme_files(acme), now);
  return reason && reason->empty();
}

Status place_acme_placeholders(const NodeConfig& config, const std::optional<RunAs>& user, std::int64_t now) {
  const auto endpoints = acme_endpoints(config);
  if (endpoints.empty()) return {};
  const std::string& directory = endpoints.front()->acme->state_directory;  // one for the whole node
  if (auto status = make_state_directory(directory, user); !status) return status;
  std::optional<FileUser> as_user;
  if (user) as_user.emplace(*user);
  for (const tls::ServerConfig* endpoint : endpoints) {
    if (auto status = place(*endpoint->acme, now); !status) return cannot_use(directory, status.error().message);
  }
  name_unused(config, directory);
  return {};
}

}  // namespace transom::node
