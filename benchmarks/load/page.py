"""A visitor's open page, without a browser: Streamlit's messages over a websocket, and the page's own requests."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_XSRF = "_streamlit_xsrf"
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    cookies: Mapping[str, str]
    body: bytes


async def request(
    port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Answer:
    """Send one request to this computer, over a connection of its own.

    Raises
    ------
    OSError
        If the connection fails.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Connection": "close",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        await writer.drain()
        top, _, content = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status, *rest = top.decode("latin-1").split("\r\n")
    cookies: SimpleCookie = SimpleCookie()
    for line in rest:
        if line.lower().startswith("set-cookie:"):
            cookies.load(line.partition(":")[2].strip())
    return Answer(int(status.split(" ", 2)[1]), {name: each.value for name, each in cookies.items()}, content)


@dataclass
class Page:
    """A page of a visitor.

    Parameters
    ----------
    port : int
        Of the studio on this computer.
    """

    port: int
    widgets: dict[str, str] = field(default_factory=dict)
    """Ids of the widgets of the page, by their keys."""

    texts: list[str] = field(default_factory=list)
    """The texts of all bars of progress, as they came."""

    errors: list[str] = field(default_factory=list)
    """The texts of all errors, as they came."""

    runs: int = 0
    """How often the page was drawn completely."""

    addresses: dict[str, Any] = field(default_factory=dict)
    """Where files may be uploaded, by the request for it."""

    query: str = ""
    session: str = ""

    def __post_init__(self) -> None:
        self._cookies: dict[str, str] = {}
        self._changed = asyncio.Condition()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._drawn: dict[str, str] = {}
        """The widgets that the run which is not finished has drawn."""

        self._timed: set[str] = set()
        """The fragments that it wants to be drawn again."""

    async def open(self) -> None:
        """Open the page."""
        for path in ("/", "/_stcore/health"):
            answer = await request(self.port, path, headers={"Accept": "text/html", **self._cookie()})
            self._cookies |= answer.cookies
        self._socket: ClientConnection = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            additional_headers=self._cookie(),
            subprotocols=["streamlit", self._cookies[_XSRF]],  # type: ignore[list-item]
            max_size=None,
            open_timeout=_TIMEOUT_S,
            ping_interval=None,
        )
        self._reading = asyncio.create_task(self._read())
        await self._rerun()

    async def close(self) -> None:
        """Close the page."""
        self._stop(set(self._timers))
        self._reading.cancel()
        with suppress(asyncio.CancelledError, ConnectionClosed):
            await self._reading
        await self._socket.close()

    async def until(self, is_true: Callable[["Page"], bool], timeout: float = _TIMEOUT_S) -> None:
        """Wait until something is true of the page.

        Raises
        ------
        TimeoutError
            If it is not within so many seconds.
        """
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: is_true(self))

    async def click(self, key: str) -> None:
        """Press the button of a key."""
        await self._rerun(WidgetState(id=self.widgets[key], trigger_value=True))

    async def upload(self, key: str, name: str, data: bytes) -> None:
        """Put a file into the uploader of a key.

        Raises
        ------
        ConnectionError
            If it is refused.
        """
        message = BackMsg()
        message.file_urls_request.request_id = wanted = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self._socket.send(message.SerializeToString())
        await self.until(lambda page: wanted in page.addresses)
        address = self.addresses.pop(wanted)
        answer = await self.put(address.upload_url, name, data)
        if answer.status != 204:
            msg = f"Expected the upload to be taken, got {answer.status}: {answer.body[:200]!r}."
            raise ConnectionError(msg)
        state = WidgetState(id=self.widgets[key])
        info = UploadedFileInfo(file_id=address.file_id, name=name, size=len(data))
        info.file_urls.CopyFrom(address)
        state.file_uploader_state_value.uploaded_file_info.append(info)
        await self._rerun(state)

    async def put(self, path: str, name: str, data: bytes) -> Answer:
        """Send a file as a browser's form does."""
        part = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{part}Content-Type: image/jpeg\r\n\r\n".encode() + data + b"\r\n--edge--\r\n"
        return await request(self.port, path, method="PUT", headers=self.form_headers(), body=body)

    def form_headers(self) -> dict[str, str]:
        """Return the headers of an upload."""
        kind = {"Content-Type": "multipart/form-data; boundary=edge", "X-Xsrftoken": self._cookies[_XSRF]}
        return kind | self._cookie()

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    async def _rerun(self, *states: WidgetState, fragment: str = "") -> None:
        client = ClientState(query_string=self.query, fragment_id=fragment, is_auto_rerun=bool(fragment))
        client.context_info.locale = "en-GB"
        client.widget_states.widgets.extend(states)
        await self._socket.send(BackMsg(rerun_script=client).SerializeToString())

    async def _read(self) -> None:
        async for data in self._socket:
            message = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            async with self._changed:
                self._take(message)
                self._changed.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self.session = message.new_session.initialize.session_id
                self._drawn, self._timed = {}, set()
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "file_urls_response":
                self.addresses[message.file_urls_response.response_id] = message.file_urls_response.file_urls[0]
            case "auto_rerun":
                self._time(message.auto_rerun)
            case "stop_auto_rerun":
                self._stop(set(message.stop_auto_rerun.fragment_ids))
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.runs += 1
                self.widgets = dict(self._drawn)
                self._stop(set(self._timers) - self._timed)
            case "delta":
                self._draw(message.delta.new_element)

    def _draw(self, element: Any) -> None:
        kind = element.WhichOneof("type") or "empty"
        drawn: Any = getattr(element, kind)
        if kind in ("button", "file_uploader", "download_button"):
            self._drawn[drawn.id.split("-", 2)[-1]] = drawn.id  # $$ID-digest-key
            self.widgets |= self._drawn
        if kind == "progress":
            self.texts.append(drawn.text)
        if kind == "alert" and drawn.format == drawn.ERROR:
            self.errors.append(drawn.body)

    def _time(self, auto: Any) -> None:
        """Draw a fragment anew every so many seconds from now on."""
        self._stop({auto.fragment_id})
        self._timers[auto.fragment_id] = asyncio.create_task(self._repeat(auto.fragment_id, auto.interval))
        self._timed.add(auto.fragment_id)

    async def _repeat(self, fragment: str, interval: float) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(interval)
                await self._rerun(fragment=fragment)

    def _stop(self, fragments: set[str]) -> None:
        for fragment in fragments & set(self._timers):
            self._timers.pop(fragment).cancel()
