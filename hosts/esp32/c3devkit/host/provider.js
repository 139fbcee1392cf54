// What `embedded:provider/builtin` gives on this board: the application uses no pin yet.
const device = { io: {}, pin: {} };

export default device;
