import { engine } from './engine.ts';
import { startPage } from './page/page.ts';

startPage(engine);
