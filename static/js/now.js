/** The page of what is now. Admins see the figures of the server, others what is theirs. */

import { user } from "./page.js";

const { open } = await import(user.isAdmin ? "./now-server.js" : "./now-own.js");
open();
