import CKernels
import Foundation

/// Lets the system kill this process when the process that started it dies, so that no rank is left
/// behind by a launcher that was killed.
func dieWithParent() throws {
  let parent = getppid()
  try systemCall("prctl(PR_SET_PDEATHSIG)") { ck_die_with_parent(SIGKILL) }
  // The parent may have died before the call.
  if getppid() != parent { kill(getpid(), SIGKILL) }
}
