#include "node/authority/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tls/certificate_builder.h"
#include "tls/key_permissions.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;
using serve::UniqueFd;

constexpr char kRoot[] = "root", kIntermediate[] = "intermediate";
constexpr std::size_t kMaxSerial = 64;  // hexadecimal digits; RFC 5280 allows 40
constexpr std::chrono::milliseconds kLockPause{20};

auto failed(const char* what, const std::string& path) {
  const int error = errno;
  return fail("cannot {} {}: {}", what, path, std::strerror(error));
}

std::string settings_text(const AuthoritySettings& settings) {
  return nlohmann::json{{"version", 1}, {"ocsp_url", settings.ocsp_url}, {"crl_url", settings.crl_url}}.dump(2) + "\n";
}

Result<AuthoritySettings> read_settings(const std::string& text, const std::string& path) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto word = [&json](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  if (!json.is_object() || !json.contains("version") || json["version"] != 1) {
    return fail("{} is damaged, or of a newer version of this program", path);
  }
  AuthoritySettings settings{word("ocsp_url"), word("crl_url")};
  for (const std::string& url : {settings.ocsp_url, settings.crl_url}) {
    if (url.empty()) continue;
    if (auto status = pki::check_publication_url(url); !status) return fail("{}: {}", path, status.error().message);
  }
  return settings;
}

bool is_serial(const std::string& text) {
  return !text.empty() && text.size() <= kMaxSerial &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

std::string record_name(const std::string& serial) { return "certificates/" + serial + ".crt"; }
std::string revocation_name(const std::string& serial) { return "revocations/" + serial + ".json"; }

std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// How the directories begin in which `directory` is made before it is put in place.
std::string site_prefix(const std::string& directory) {
  return "." + fs::path(directory).filename().string() + ".transom-";
}

/// A directory that nobody else has had a hand in; it stays locked while it is worked in.
struct BuildingSite {
  std::string path;
  UniqueFd held;
};

Result<BuildingSite> make_building_site(const std::string& directory) {
  BuildingSite site{parent_of(directory) + "/" + site_prefix(directory) + "XXXXXX", UniqueFd()};
  if (mkdtemp(site.path.data()) == nullptr) return failed("create a directory in", parent_of(directory));
  site.held = UniqueFd(open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!site.held || flock(site.held.get(), LOCK_EX | LOCK_NB) != 0) return failed("open", site.path);
  return site;
}

/// Ours, by its name and its owner, and nobody's who still works in it.
bool is_left_by_a_crash(const fs::path& path, const std::string& prefix) {
  const std::string name = path.filename().string();
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 6) return false;
  const UniqueFd held(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  return held && fstat(held.get(), &status) == 0 && status.st_uid == geteuid() &&
         flock(held.get(), LOCK_EX | LOCK_NB) == 0;
}

void remove_what_crashes_left(const std::string& directory) {
  const std::string prefix = site_prefix(directory);
  std::error_code ignored;
  std::vector<fs::path> left;
  for (fs::directory_iterator at(parent_of(directory), ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (is_left_by_a_crash(at->path(), prefix)) left.push_back(at->path());
  }
  for (const fs::path& path : left) fs::remove_all(path, ignored);
}

Status write_everything(const std::string& site, const NewAuthorityFiles& files) {
  const auto root_pem = pki::crl_pem(files.root_crl), intermediate_pem = pki::crl_pem(files.intermediate_crl);
  if (!root_pem || !intermediate_pem) return fail("the revocation lists are damaged");
  for (const char* folder : {"/certificates", "/revocations"}) {
    if (mkdir((site + folder).c_str(), 0700) != 0) return failed("create", site + folder);
  }
  const NewFile all[] = {{"root.key", files.root_key, 0600},
                         {"intermediate.key", files.intermediate_key, 0600},
                         {"root.crt", files.root_certificate, 0644},
                         {"intermediate.crt", files.intermediate_certificate, 0644},
                         {"settings.json", settings_text(files.settings), 0644},
                         {"root.crl", files.root_crl, 0644},
                         {"intermediate.crl", files.intermediate_crl, 0644},
                         {"crls.pem", *intermediate_pem + *root_pem, 0644}};
  for (const NewFile& file : all) {
    if (auto status = write_durably(site + "/" + file.name, file.content, file.mode); !status) return status;
  }
  return {};
}

Status put_in_place(const std::string& site, const std::string& directory) {
  if (rename(site.c_str(), directory.c_str()) == 0) return sync_directory(parent_of(directory));
  if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
    return fail("{} is there already and is not overwritten; name another directory with --dir", directory);
  }
  return failed("make", directory);
}

/// Who can write here can have anything signed.
Status check_directory(const std::string& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return failed("read", directory);
    return fail("there is no authority in {}; make one with: transom ca init --dir {} --permit NAME", directory,
                directory);
  }
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return fail("{} belongs to another user, who can put anything there; run this command as that user", directory);
  }
  if ((status.st_mode & 022) == 0) return {};
  return fail("{} may be written to by others, who could have anything signed; close it with: chmod 700 {}", directory,
              directory);
}

Status check_key(const std::string& file) {
  std::vector<std::string> warnings;
  return tls::check_key_permissions(file, tls::KeyRules(tls::KeyPermissions::refuse), warnings);
}

}  // namespace

Status AuthorityStore::check_free(const std::string& directory) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(directory, ignored)) && !fs::is_empty(directory, ignored)) {
    return fail("{} is there already and is not overwritten; name another directory with --dir", directory);
  }
  const std::string parent = parent_of(directory);
  if (access(parent.c_str(), W_OK | X_OK) == 0) return {};
  return fail("cannot make {}: {}: {}", directory, parent, std::strerror(errno));
}

Status AuthorityStore::create(const std::string& directory, const NewAuthorityFiles& files) {
  if (auto status = check_free(directory); !status) return status;
  remove_what_crashes_left(directory);
  const auto site = make_building_site(directory);
  if (!site) return tl::make_unexpected(site.error());
  Status status = write_everything(site->path, files);
  if (status) status = put_in_place(site->path, directory);
  std::error_code ignored;
  if (!status) fs::remove_all(site->path, ignored);
  return status;
}

Result<AuthorityStore> AuthorityStore::open(const std::string& directory) {
  if (auto status = check_directory(directory); !status) return tl::make_unexpected(status.error());
  AuthorityStore store(directory);
  auto root = store.content("root.crt");
  if (!root) return tl::make_unexpected(root.error());
  auto intermediate = store.content("intermediate.crt");
  if (!intermediate) return tl::make_unexpected(intermediate.error());
  const auto text = store.content("settings.json");
  if (!text) return tl::make_unexpected(text.error());
  auto settings = read_settings(*text, store.path("settings.json"));
  if (!settings) return tl::make_unexpected(settings.error());
  store.root_pem_ = std::move(*root);
  store.intermediate_pem_ = std::move(*intermediate);
  store.settings_ = std::move(*settings);
  return store;
}

Result<UniqueFd> AuthorityStore::lock(std::chrono::milliseconds patience) const {
  UniqueFd file(::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return failed("write", path("lock"));
  for (const auto end = std::chrono::steady_clock::now() + patience;;) {
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK && errno != EINTR) return failed("lock", path("lock"));
    if (std::chrono::steady_clock::now() >= end) {
      return fail("another command has been at work in {} for {} s; try again when it has ended", directory_,
                  std::chrono::duration_cast<std::chrono::seconds>(patience).count());
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

Result<std::string> AuthorityStore::content(const std::string& name, std::size_t max_octets) const {
  auto found = read_if_present(path(name), max_octets);
  if (!found) return tl::make_unexpected(found.error());
  if (*found) return std::move(**found);
  return fail("{} is missing: {} holds no authority, or not a whole one", path(name), directory_);
}

Result<pki::SigningPair> AuthorityStore::intermediate() const {
  if (auto status = check_key(path("intermediate.key")); !status) return tl::make_unexpected(status.error());
  const auto key = content("intermediate.key");
  if (!key) return tl::make_unexpected(key.error());
  return pki::read_signing_pair(intermediate_pem_, *key, "the intermediate", "");
}

Result<std::string> AuthorityStore::root_key() const {
  auto found = read_if_present(path("root.key"));
  if (!found) return tl::make_unexpected(found.error());
  if (*found) return std::move(**found);
  return fail("the root's key is not at {}; bring it back from where it is kept, for as long as it is needed",
              path("root.key"));
}

Result<pki::SigningPair> AuthorityStore::root(const std::string& passphrase) const {
  const auto key = root_key();
  if (!key) return tl::make_unexpected(key.error());
  if (auto status = check_key(path("root.key")); !status) return tl::make_unexpected(status.error());
  return pki::read_signing_pair(root_pem_, *key, "the root", passphrase);
}

Result<bool> AuthorityStore::root_is_encrypted() const {
  return root_key().map([](const std::string& key) { return pki::is_encrypted_key(key); });
}

Status AuthorityStore::record(X509* certificate) const {
  const auto pem = tls::certificate_pem(certificate);
  if (!pem) return tl::make_unexpected(pem.error());
  return write_durably(path(record_name(pki::serial_text(certificate))), *pem, 0644);
}

void AuthorityStore::forget(X509* certificate) const {
  unlink(path(record_name(pki::serial_text(certificate))).c_str());
}

Status AuthorityStore::revoke(const pki::Revocation& revocation) const {
  const auto known = state(revocation.serial);
  if (!known) return tl::make_unexpected(known.error());
  if (known->is == pki::CertificateState::Is::unknown) {
    return fail("no certificate with the serial number {} was issued in {}", revocation.serial, directory_);
  }
  if (known->is == pki::CertificateState::Is::revoked) {
    return fail("the certificate {} is revoked already: {}", revocation.serial, known->reason);
  }
  const nlohmann::json text = {{"time", revocation.when}, {"reason", revocation.reason}};
  return write_durably(path(revocation_name(revocation.serial)), text.dump() + "\n", 0644);
}

Result<std::optional<pki::Revocation>> AuthorityStore::revocation(const std::string& serial) const {
  const auto text = read_if_present(path(revocation_name(serial)));
  if (!text) return tl::make_unexpected(text.error());
  if (!*text) return std::optional<pki::Revocation>();
  const auto json = nlohmann::json::parse(**text, nullptr, false);
  if (!json.is_object() || !json.contains("time") || !json["time"].is_number_integer() || !json.contains("reason") ||
      !json["reason"].is_string()) {
    return fail("{} is damaged", path(revocation_name(serial)));
  }
  return pki::Revocation{serial, json["time"].get<std::int64_t>(), json["reason"].get<std::string>()};
}

Result<pki::CertificateState> AuthorityStore::state(const std::string& serial) const {
  using State = pki::CertificateState;
  if (!is_serial(serial)) return State{};
  const auto found = revocation(serial);
  if (!found) return tl::make_unexpected(found.error());
  if (*found) return State{State::Is::revoked, (*found)->when, (*found)->reason};
  if (access(path(record_name(serial)).c_str(), F_OK) == 0) return State{State::Is::good, 0, ""};
  if (errno == ENOENT) return State{};
  return failed("read", path(record_name(serial)));
}

Result<std::string> AuthorityStore::certificate(const std::string& serial) const {
  if (!is_serial(serial)) return fail("\"{}\" is no serial number: those are hexadecimal, upper case", serial);
  return content(record_name(serial));
}

Result<std::vector<std::string>> AuthorityStore::names_in(const std::string& folder, const std::string& suffix) const {
  std::vector<std::string> serials;
  std::error_code error;
  for (fs::directory_iterator at(path(folder), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.ends_with(suffix)) continue;
    const std::string serial = name.substr(0, name.size() - suffix.size());
    if (is_serial(serial)) serials.push_back(serial);
  }
  if (error) return fail("cannot read {}: {}", path(folder), error.message());
  std::sort(serials.begin(), serials.end());
  return serials;
}

Result<std::vector<std::string>> AuthorityStore::serials() const { return names_in("certificates", ".crt"); }

Result<std::vector<pki::Revocation>> AuthorityStore::revocations() const {
  const auto all = names_in("revocations", ".json");
  if (!all) return tl::make_unexpected(all.error());
  std::vector<pki::Revocation> found;
  for (const std::string& serial : *all) {
    auto one = revocation(serial);
    if (!one) return tl::make_unexpected(one.error());
    if (*one) found.push_back(std::move(**one));
  }
  return found;
}

Result<std::string> AuthorityStore::crl(bool of_root) const {
  return content(std::string(of_root ? kRoot : kIntermediate) + ".crl", kMaxList);
}

Status AuthorityStore::replace_crl(bool of_root, const std::string& der) const {
  const std::string name = std::string(of_root ? kRoot : kIntermediate) + ".crl";
  if (auto status = write_durably(path(name), der, 0644); !status) return status;
  std::string both;
  for (const bool root : {false, true}) {
    const auto list = crl(root);
    if (!list) return tl::make_unexpected(list.error());
    const auto pem = pki::crl_pem(*list);
    if (!pem) return tl::make_unexpected(pem.error());
    both += *pem;
  }
  return write_durably(path("crls.pem"), both, 0644);
}

}  // namespace transom::node
