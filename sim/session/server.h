// session_server.h - the process behind a session (pensim serve-session): it starts the process of the run, keeps
// sleeping copies of it, and tells how it ended. Single-threaded, without windows, so that it may fork.
//
//   dashboard (session) ──spawn──► server ──fork──► process of the run (plant and core; may crash)
//                                     │                   └──fork, every second of virtual time──► sleeping copy
//                                     └──wake: the newest copy before a change becomes the process of the run
//
// A copy goes on where it was made, in new block files, with new commands from its tick on. It leaves a copy of itself
// first, so the same instant can be gone back to again. At most 12 copies are kept, the denser the nearer to the
// newest.
//
// Nothing outlives the session: the server ends with its socket, the process of the run with the server (PDEATHSIG), a
// copy with the socket that would wake it.
#pragma once

namespace pensim {

// Serves the session at the other end of `socket` until it is gone. Returns an exit code; 2 (and a sentence) if that is
// no such socket.
int serve_session(int socket);

}  // namespace pensim
