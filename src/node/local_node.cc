#include "node/local_node.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "node/files/durable_file.h"
#include "serve/unique_fd.h"
#include "tls/context.h"
#include "tls/local_ca.h"
#include "wamp/serializer.h"

namespace transom::node {
namespace {

constexpr mode_t kPublic = 0644, kSecret = 0600;

Status ignore_in_git(const std::string& directory) {
  const std::string path = directory + "/.gitignore";
  const auto present = read_if_present(path);
  if (!present) return tl::make_unexpected(present.error());
  return *present ? Status() : write_durably(path, "*\n", kPublic);
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// Nothing when one of the files is missing.
Result<std::optional<tls::LocalCa>> read_ca(const LocalNodeFiles& files) {
  auto root = read_if_present(files.root_cert);
  if (!root) return tl::make_unexpected(root.error());
  auto certificate = read_if_present(files.intermediate_cert);
  if (!certificate) return tl::make_unexpected(certificate.error());
  auto key = read_if_present(files.intermediate_key);
  if (!key) return tl::make_unexpected(key.error());
  if (!*root || !*certificate || !*key) return std::nullopt;
  return tls::LocalCa{std::move(**root), std::move(**certificate), std::move(**key)};
}

Result<tls::LocalCa> make_ca(const LocalNodeFiles& files, std::int64_t now) {
  auto ca = tls::make_local_ca(now, host_name());
  if (!ca) return ca;
  const auto status =
      replace_directory(files.directory + "/ca", {{"root_cert.pem", ca->root_cert_pem, kPublic},
                                                  {"intermediate_cert.pem", ca->intermediate_cert_pem, kPublic},
                                                  {"intermediate_key.pem", ca->intermediate_key_pem, kSecret}});
  if (!status) return tl::make_unexpected(status.error());
  return ca;
}

tls::ServerConfig server_config(const LocalNodeFiles& files) {
  tls::ServerConfig config;
  config.certificates.push_back({files.cert_key, files.cert_chain, {}});
  return config;
}

/// Whether there is a certificate that this CA issued, with its key, and with enough of its life left.
Result<bool> certificate_serves(const LocalNodeFiles& files, const tls::LocalCa& ca, std::int64_t now) {
  const auto chain = read_if_present(files.cert_chain);
  if (!chain) return tl::make_unexpected(chain.error());
  const auto key = read_if_present(files.cert_key);
  if (!key) return tl::make_unexpected(key.error());
  if (!*chain || !*key || tls::renewal_due(**chain, ca.intermediate_cert_pem, now)) return false;
  std::vector<std::string> warnings;
  return tls::ServerContext::create(server_config(files), {}, warnings).has_value();
}

/// True when a new certificate was written.
Result<bool> ensure_certificate(const LocalNodeFiles& files, const tls::LocalCa& ca, std::int64_t now) {
  const auto serves = certificate_serves(files, ca, now);
  if (!serves) return serves;
  if (*serves) return false;
  const auto issued = tls::issue_localhost_certificate(now, ca.intermediate_cert_pem, ca.intermediate_key_pem);
  if (!issued) return tl::make_unexpected(issued.error());
  const auto status = replace_directory(files.directory + "/tls", {{"localhost_cert.pem", issued->chain_pem, kPublic},
                                                                   {"localhost_key.pem", issued->key_pem, kSecret}});
  if (!status) return tl::make_unexpected(status.error());
  return true;
}

router::RealmConfig open_realm() {
  router::Permission everything;
  everything.match = wamp::Match::prefix;  // of the empty URI: all of them
  everything.allow_call = everything.allow_register = everything.allow_publish = everything.allow_subscribe = true;
  router::RealmConfig realm;
  realm.name = "realm1";
  realm.roles.push_back({"anonymous", false, {everything}});
  return realm;
}

serve::WebSocketConfig local_websocket() {
  serve::WebSocketConfig websocket;
  for (const auto& serializer : wamp::serializers()) websocket.serializers.push_back(serializer.id);
  websocket.options.loopback_origins_only = true;
  return websocket;
}

}  // namespace

LocalNodeFiles::LocalNodeFiles(std::string node_directory)
    : directory(std::move(node_directory)),
      root_cert(directory + "/ca/root_cert.pem"),
      intermediate_cert(directory + "/ca/intermediate_cert.pem"),
      intermediate_key(directory + "/ca/intermediate_key.pem"),
      cert_chain(directory + "/tls/localhost_cert.pem"),
      cert_key(directory + "/tls/localhost_key.pem") {}

/// The directory holds keys, so it is this user's alone; one that another user made is not to be trusted.
Status make_local_directory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("cannot create {}: {}", directory, std::strerror(errno));
  }
  struct stat status {};
  if (lstat(directory.c_str(), &status) != 0) return fail("cannot read {}: {}", directory, std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return fail("{} is in the way: the default node needs a directory there", directory);
  if (status.st_uid != geteuid()) {
    return fail("{} belongs to another user (id {}); start the node elsewhere or as that user", directory,
                status.st_uid);
  }
  if ((status.st_mode & 077) != 0 && chmod(directory.c_str(), 0700) != 0) {
    return fail("cannot make {} private: {}", directory, std::strerror(errno));
  }
  return {};
}

Result<LocalNodeChanges> prepare_local_node(const std::string& directory, std::int64_t now) {
  if (auto status = make_local_directory(directory); !status) return tl::make_unexpected(status.error());
  if (auto status = ignore_in_git(directory); !status) return tl::make_unexpected(status.error());
  const LocalNodeFiles files(directory);
  auto found = read_ca(files);
  if (!found) return tl::make_unexpected(found.error());
  LocalNodeChanges changes;
  if (!*found || !tls::local_ca_usable(**found, now)) {
    auto made = make_ca(files, now);
    if (!made) return tl::make_unexpected(made.error());
    changes.new_ca = true;
    changes.replaced_ca = found->has_value();
    *found = std::move(*made);
  }
  const auto renewed = ensure_certificate(files, **found, now);
  if (!renewed) return tl::make_unexpected(renewed.error());
  changes.new_certificate = *renewed;
  return changes;
}

Result<bool> renew_if_due(const std::string& directory, std::int64_t now) {
  const LocalNodeFiles files(directory);
  const auto ca = read_ca(files);
  if (!ca) return tl::make_unexpected(ca.error());
  if (!*ca) return fail("the local CA below {} is gone; start the node again to have a new one made", directory);
  return ensure_certificate(files, **ca, now);
}

NodeConfig make_local_config(const std::string& directory, std::uint16_t port, bool with_ipv6) {
  const LocalNodeFiles files(directory);
  serve::TransportConfig transport;
  transport.id = "transport001";
  transport.worker_id = "worker001";
  transport.endpoint.interfaces = {"127.0.0.1"};
  if (with_ipv6) transport.endpoint.interfaces.push_back("::1");
  transport.endpoint.port = port;
  transport.endpoint.backlog = 511;
  transport.endpoint.tls = server_config(files);
  transport.paths["/"].service = serve::WelcomePageConfig{};
  transport.paths["ws"].service = local_websocket();
  transport.web.loopback_hosts_only = true;

  WorkerConfig worker;
  worker.id = "worker001";
  worker.realms.push_back(open_realm());
  worker.transports.push_back(std::move(transport));

  NodeConfig config;
  config.node_directory = directory;
  config.workers.push_back(std::move(worker));
  config.protected_files = {files.intermediate_key, files.cert_key, directory + "/control.sock"};
  return config;
}

bool has_ipv6_loopback() {
  const serve::UniqueFd probe(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.get() < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace transom::node
