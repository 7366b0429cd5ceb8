"""What goes wrong."""


class Error(Exception):
    """A call that kaon refused; the text is kaon's own sentence.

    status: the number of the library's enum kaon_status, or the exit status of `kaon eval`.
    name: "KAON_BAD_INPUT" and so on, or "exit 3".
    """

    def __init__(self, text, status, name):
        super().__init__(text)
        self.status = status
        self.name = name

    def __reduce__(self):
        return Error, (str(self), self.status, self.name)
