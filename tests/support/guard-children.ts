import { guardChildren } from './host/guard.js';

guardChildren();
