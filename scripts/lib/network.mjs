import { connect } from "node:net";

/**
 * Whether the host of `address` (or the proxy that leads there) takes a connection within `timeout` ms.
 * Package managers go on trying for minutes; this tells a missing network from a slow one at once.
 */
export function reachable(address, timeout = 4000) {
  const proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy ?? process.env.npm_config_https_proxy;
  const { hostname, port, protocol } = new URL(proxy || address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) || (protocol === "http:" ? 80 : 443) });
    const finish = (answer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), timeout);
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
