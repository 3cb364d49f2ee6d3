// From root to an ordinary user: for a node that binds and reads its keys as root and serves as somebody else.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "node/config/config.h"

namespace transom::node {

/// A user of this machine.
struct RunAs {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// No program that this process or its children execute gets more rights than it has (PR_SET_NO_NEW_PRIVS). Counts for
/// this thread and those it starts later: call it before there are others.
void forbid_new_privileges();

/// Whether `text` is NAME or NAME:GROUP at all, names or numbers, and not root; who they are is another question.
Status check_user_form(const std::string& text);
/// Fails where the form is wrong, where this machine has no such user or group, and where the user is root.
Result<RunAs> find_run_as(const std::string& text);
/// Only root can become somebody else.
Status check_may_become(const RunAs& user);

/// For root: makes the private directory `path` for the user, with whom it is from now on. One of root's that is there
/// already becomes his with all that is in it, but only where nobody else can have moved it there.
Status provide_directory(const RunAs& user, const std::string& path);

/// Gives the user what the node has made and will use again: its files in the node directory and the sockets in
/// `made_paths`. Only what this process has made is given away, never through symlinks.
void hand_over(const RunAs& user, const NodeConfig& config, const std::vector<std::string>& made_paths);

/// Becomes the user, in all threads and for good: groups, ids, no capability left, and no way back, which is tried.
Status become(const RunAs& user);

/// After `become`: one sentence about keys and certificates that this user cannot read, so that they could not be
/// loaded again; empty when all is well.
std::string unreadable_files_warning(const RunAs& user, const NodeConfig& config);

}  // namespace transom::node
